"""A bad record is found here, before it costs a request or its whole chunk."""

from __future__ import annotations

import datetime
from calendar import monthrange
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import imo
from stdnum.no import fodselsnummer, orgnr

from sdir_async import Reason, UploadReport
from sdir_async.api.seagoing import v1 as seagoing
from sdir_async.upload.check import check_of
from sdir_async.upload.chunks import Chunk, Piece
from sdir_async.upload.formats import (
    is_date_time,
    is_imo_number,
    is_organization_number,
    is_person_number,
)
from tests.upload.server import Register, client
from tests.virtual import run

GOOD = {
    "personalIdentityNumber": "41814061033",
    "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827",
    "courseCode": "HSCLC",
}


async def upload(
    given: list[Any], register: Register | None = None, **options: Any
) -> UploadReport:
    async with client(register or Register()) as sdir:
        return await sdir.course.v1.upload(given, **options)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalIdentityNumber": "41814061034"}, "personalIdentityNumber"),
        ({"personalIdentityNumber": "4181406103"}, "personalIdentityNumber"),
        ({"personalIdentityNumber": 41814061033}, "personalIdentityNumber"),
        ({"organizationNumber": "991825828"}, "organizationNumber"),
        ({"courseCode": ""}, "courseCode"),
        ({"courseCode": None}, "courseCode"),
        ({"completedAt": "24.03.2025"}, "completedAt"),
        ({"completedAt": ...}, "completedAt"),
    ],
    ids=str,
)
def test_a_bad_record_costs_no_request(change: dict[str, Any], field: str) -> None:
    """It is rejected with the field that is wrong; its neighbours are sent without it."""
    record = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    register = Register()
    report = run(upload([GOOD, record, GOOD], register))
    (rejection,) = report.rejections
    assert (rejection.index, rejection.record) == (1, record)
    assert {reason.field for reason in rejection.reasons} == {field}
    assert (report.accepted, report.requests, register.batches) == (2, 1, [2])


def test_reasons_show_nothing_of_the_record() -> None:
    """What is wrong is said without the value, since it may be nearly a person number."""
    report = run(upload([{**GOOD, "personalIdentityNumber": "4181406103"}]))
    assert "4181406103" not in repr(report)
    assert "4181406103" not in "".join(map(str, report.rejections))
    assert Reason("is shorter than 11 characters", "personalIdentityNumber") in (
        report.rejections[0].reasons
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"personalIdentityNumber": "41814061034"}, "not a valid person number"),
        ({"personalIdentityNumber": "4181406103x"}, "not a valid person number"),
        ({"personalIdentityNumber": 41814061033}, "must be text"),
        ({"completedAt": "24.03.2025"}, "not a valid date and time, such as 2024-05-31T12:00:00"),
        ({"completedAt": ...}, "is required"),
        ({"courseCode": ""}, "is shorter than 1 character"),
    ],
    ids=str,
)
def test_reasons_are_for_the_person_who_corrects_the_record(
    change: dict[str, Any], said: str
) -> None:
    """One a mistake, in words: a pattern that a number breaks says nothing more to anybody."""
    record = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    (rejection,) = run(upload([record])).rejections
    (reason,) = rejection.reasons
    assert said in reason.message


def test_an_imo_number_that_is_none_at_all_is_refused() -> None:
    """Only its check digit may be wrong, not its form."""
    check = check_of(seagoing.__name__, "create")
    body = b'{"vessel":{"imoNumber":"907472x"}}'
    findings = check(Piece(Chunk(0, [body], [body]), range(1)))
    said = [reason for reason in findings.refused[0] if reason.field == "vessel.imoNumber"]
    assert [reason.message for reason in said] == ['does not match "^[0-9]{7}$"']


def test_switched_off_it_is_left_to_the_server() -> None:
    """With check=False everything is sent as it is."""
    register = Register()
    report = run(upload([{**GOOD, "personalIdentityNumber": "1"}], register, check=False))
    assert (report.accepted, register.batches) == (1, [1])


@pytest.mark.parametrize(
    "given_bytes", [b"{,}", b'{"a":1},{"b":2}', b'{"a":1', b"[]", b"nonsense"], ids=repr
)
def test_bytes_that_are_not_one_json_object(given_bytes: bytes) -> None:
    """One record of bytes can't bring others along, nor break the batch it is in."""
    import orjson

    register = Register()
    report = run(upload([orjson.dumps(GOOD), given_bytes, orjson.dumps(GOOD)], register))
    assert [rejection.index for rejection in report.rejections] == [1]
    assert (report.accepted, register.batches) == (2, [2])


def test_a_broken_imo_number_warns_and_is_sent() -> None:
    """Some real ships break the rule."""
    record = seagoing.ServiceReport(
        person=seagoing.Person(id="41814061033"),
        organization=seagoing.Organization(organization_number="991825827"),
        vessel=seagoing.Vessel(imo_number="9074720"),
        activity=seagoing.Activity(
            occupation_code=seagoing.OccupationCode(code="3142118"),
            hours=1200,
            sign_on_date=datetime.date(2020, 1, 1),
            sign_off_date=datetime.date(2020, 4, 1),
        ),
    )

    async def main() -> UploadReport:
        import httpx

        accepting = httpx.MockTransport(lambda _: httpx.Response(201, json=[]))
        from sdir_async import Sdir

        async with Sdir("key", http_client=httpx.AsyncClient(transport=accepting)) as sdir:
            return await sdir.seagoing.v1.upload([record] * 4, chunk_size=2)

    report = run(main())
    assert report.accepted == 4
    assert sorted(notice.index for notice in report.warnings) == [0, 1, 2, 3]
    assert {notice.reasons[0].field for notice in report.warnings} == {"vessel.imoNumber"}


def test_validate_saves_nothing() -> None:
    """The server checks the records; what it refuses is rejected, and nothing is saved."""
    register = Register()
    bad = {**GOOD, "courseCode": "BAD"}
    report = run(upload([GOOD, bad], register, operation="validate"))
    assert (report.accepted, report.rejected, register.saved) == (1, 1, [])


@pytest.mark.parametrize("number", ["41814061033", "41810021827"])
def test_published_synthetic_numbers_pass(number: str) -> None:
    """Test persons of the Tax Administration have months above 80."""
    assert is_person_number(number)


def with_check_digits(nine: str, remainder: int) -> str:
    """Complete nine digits, the first check leaving this remainder; empty where there is none."""
    first = (int(fodselsnummer.calc_check_digit1(nine)) + remainder) % 11
    if first == 10:
        return ""
    second = fodselsnummer.calc_check_digit2(f"{nine}{first}")
    return "" if len(second) > 1 else f"{nine}{first}{second}"


birthdays = st.builds(
    lambda day, more_day, more_month: f"{day.day + more_day:02}{day.month + more_month:02}",
    st.dates(datetime.date(2000, 1, 1), datetime.date(2000, 12, 31)),
    st.sampled_from([0, 40]),
    st.sampled_from([0, 40, 80]),
)
"""What person, D-, H- and synthetic numbers begin with."""


@given(st.text("0123456789", min_size=4, max_size=4), st.text("0123456789", min_size=5, max_size=5))
def test_a_person_number_begins_with_a_day_and_a_month(four: str, five: str) -> None:
    """With 40 more in the day of a D-number, and 40 or 80 more in the month of other kinds."""
    day, month = int(four[:2]), int(four[2:])
    possible = any(
        0 < day - more_day <= monthrange(2000, month - more_month)[1]
        for more_day in (0, 40)
        for more_month in (0, 40, 80)
        if 0 < month - more_month <= 12
    )
    number = with_check_digits(four + five, 0)
    if number:
        assert is_person_number(number) == possible


@given(birthdays, st.text("0123456789", min_size=5, max_size=5), st.integers(0, 10))
def test_the_rule_of_2032(birthday: str, five: str, remainder: int) -> None:
    """The first check digit may leave a remainder of 0 to 3, the second one none."""
    number = with_check_digits(birthday + five, remainder)
    if number:
        assert is_person_number(number) == (remainder <= 3)
        wrong = str((int(number[10]) + 1) % 10)
        assert not is_person_number(number[:10] + wrong)


@given(st.dates(datetime.date(1940, 1, 1), datetime.date(1999, 12, 31)), st.integers(0, 499))
def test_what_stdnum_accepts_passes(born: datetime.date, individual: int) -> None:
    """The library's own view, narrower since it looks at the date, is never contradicted."""
    number = with_check_digits(f"{born:%d%m%y}{individual:03d}", 0)
    if number and fodselsnummer.is_valid(number):
        assert is_person_number(number)


@pytest.mark.parametrize("text", ["", "4181406103", "418140610333", "4181406103x", "４1814061033"])
def test_what_is_no_person_number(text: str) -> None:
    """Eleven ASCII digits, nothing else."""
    assert not is_person_number(text)


def test_other_numbers_with_check_digits() -> None:
    """Organisation and IMO numbers are checked too; spaces are not overlooked."""
    assert is_organization_number("991825827")
    assert not is_organization_number("991 825 827")
    assert is_imo_number("9074729")
    assert not is_imo_number("IMO 9074729")


@given(st.text("0123456789", min_size=6, max_size=10))
@example("000000000")
@example("0000000")
def test_other_numbers_are_what_stdnum_says(digits: str) -> None:
    """Right and wrong ones, and those of another length; one of each length is right."""
    for number in (digits, *(f"{digits[:-1]}{last}" for last in range(10))):
        assert is_organization_number(number) == orgnr.is_valid(number)
        assert is_imo_number(number) == imo.is_valid(number)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("2025-03-24T18:32:25+00:00", True),
        ("2025-03-24T18:32:25Z", True),
        ("2025-03-24T18:32:25", True),
        ("2025-03-24T18:32:25.1234567+01:00", True),
        ("2025-03-24", True),
        ("2025-03-24T18:32", True),
        ("2025-03-24 18:32:25", True),
        ("20250324T183225", False),
        ("2025-W13-1", False),
        ("24.03.2025", False),
        ("2025-02-30T00:00:00Z", False),
    ],
)
def test_moments(text: str, fits: bool) -> None:
    """As ASP.NET reads them: offset, seconds and time may be missing, fractions have any length."""
    assert is_date_time(text) == fits
