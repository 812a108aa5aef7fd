"""Which column fills which field; the fields come from the generated schemas alone."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdir_async.api import VERSIONS
from sdir_async.cli.apis import every_version, find_batch, find_version
from sdir_async.cli.columns import find_field, judge, match_columns, nearest, read_mapping
from sdir_async.cli.fields import Fields, read_fields
from sdir_async.cli.inputs.tabular import tidy
from sdir_async.cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdir_async import BatchDescription

BATCHES = {
    f"{version.name} {name}": batch
    for version in every_version()
    for name, batch in version.batches.items()
}
every_batch = pytest.mark.parametrize("batch", BATCHES.values(), ids=list(BATCHES))


def _fields(api: str, version: str, kind: str = "create") -> Fields:
    return read_fields(find_batch(find_version(api, version), kind).schema)


SPELLINGS: list[Callable[[tuple[str, ...]], str]] = [
    ".".join,
    lambda path: ".".join(path).upper(),
    lambda path: "_".join(path).lower(),
    lambda path: "".join(one[:1].upper() + one[1:] for one in path),
    lambda path: " / ".join(path),
]


@every_batch
@pytest.mark.parametrize("spell", SPELLINGS)
def test_every_field_is_found_in_every_spelling(
    batch: BatchDescription, spell: Callable[[tuple[str, ...]], str]
) -> None:
    """Upper case, underscores, spaces: none of them matters."""
    fields = read_fields(batch.schema)
    matching = match_columns([spell(field.path) for field in fields.all], fields)
    assert matching.problems == ()
    assert [column.field for column in matching.columns] == list(fields.all)


@every_batch
def test_every_field_is_described(batch: BatchDescription) -> None:
    """By the words of the document."""
    fields = read_fields(batch.schema)
    assert [field.name for field in fields.all if not field.about and not field.opens] == []


def test_fields_know_what_they_hold() -> None:
    """A field has its digits, format and whether it is required, as in the schema."""
    fields = {field.name: field for field in _fields("additional_competence", "v1", "update").all}
    person, date = fields["person.id"], fields["competence.completionDate"]
    assert (person.digits, person.format, person.required) == (11, "person-number", True)
    assert (date.digits, date.format) == (0, "date")
    assert fields["uid"].required
    assert not fields["person.lastName"].required
    assert "vessel" in _fields("additional_competence", "v1").groups


@every_batch
def test_every_label_of_the_document_means_its_field(batch: BatchDescription) -> None:
    """Norwegian headings, as they are written and with a star, a unit or accents of their own."""
    fields = read_fields(batch.schema)
    assert any(field.labels for field in fields.all)
    for field in fields.all:
        for label in field.labels:
            for heading in (label, f"{label} *", f"{label}\n(dd.mm.åååå)", label.upper()):
                assert find_field(heading, fields) == [field], heading
            assert find_field(unicodedata.normalize("NFD", label), fields) == [field]


def test_the_last_part_is_enough_where_it_means_one_field() -> None:
    """The last part finds its field; if several fields have it, the problem names them."""
    fields = _fields("seagoing", "v1")
    assert [field.name for field in find_field("signOnDate", fields)] == ["activity.signOnDate"]
    assert [field.name for field in find_field("occupation_code_code", fields)] == [
        "activity.occupationCode.code"
    ]
    assert len(find_field("id", fields)) == 2
    (problem, *_) = match_columns(["id"], fields).problems
    assert "could be person.id or vessel.id" in problem


def test_any_name_may_stand_below_a_field_that_is_open() -> None:
    """A name below an open object is accepted, and its spelling is kept."""
    (found,) = find_field("optional.remark.Text", _fields("seagoing", "v1"))
    assert found.path == ("optional", "remark", "Text")


def test_what_is_missing_is_said_once_for_all() -> None:
    """One message lists every required field that has no column."""
    (problem,) = match_columns(["person.id"], _fields("additional_competence", "v1")).problems
    assert problem.startswith("No column for organization.organisationNumber, ")
    assert "a field of vessel" in problem


def test_the_mapping_wins_and_an_empty_one_leaves_out() -> None:
    """A mapping takes precedence over names, and a column mapped to nothing is left out."""
    fields = _fields("course", "v1")
    headings = ["A", "b", "Organization-Number", "courseCode", "remark", "sdir: line", ""]
    mapping = {"a": "personalIdentityNumber", "B": "completed_at", "remark": ""}
    matching = match_columns(headings, fields, mapping)
    assert matching.problems == ()
    assert [column.at for column in matching.columns] == [0, 1, 2, 3]
    assert matching.left_out == ("remark",)


def test_unknown_columns_are_left_out_if_wanted() -> None:
    """With `skip_unknown`, an unknown column is left out and causes no problem."""
    fields = _fields("course", "v1")
    headings = [field.name for field in fields.all]
    matching = match_columns([*headings, "shoe size"], fields, skip_unknown=True)
    assert (matching.problems, matching.left_out) == ((), ("shoe size",))


@pytest.mark.parametrize(
    "headings",
    [
        ["41814061033", "31.05.2024", "991825827", "HSCLC"],
        ["personalIdentityNumber", "41814061033", "41810021827"],
    ],
)
def test_a_table_without_headings_is_named_as_such(headings: list[str]) -> None:
    """Its first row is a record, or its first column has the headings."""
    (said,) = match_columns(headings, _fields("course", "v1")).problems
    assert said.startswith("The headings look like values.")
    assert "41814061033" not in said


def test_the_nearest_names_are_offered() -> None:
    """A misspelled name gives the most similar field first; a name like no field gives none."""
    assert nearest("personl_identity_nr", _fields("course", "v1"))[0] == "personalIdentityNumber"
    assert nearest("frstName", _fields("seagoing", "v1"))[0] == "person.firstName"
    assert nearest("zzz", _fields("course", "v1")) == []


@given(st.lists(st.text(max_size=30), max_size=8))
def test_every_column_is_filled_left_out_or_complained_of(headings: list[str]) -> None:
    """None is forgotten in silence, whatever stands in the first line."""
    matching = match_columns(headings, _fields("course", "v1"))
    if any(one.startswith("The headings look like values.") for one in matching.problems):
        return
    named = {column.heading for column in matching.columns} | set(matching.left_out)
    for heading in map(tidy, headings):
        silent = not heading or heading.casefold().startswith("sdir:")
        assert silent or heading in named or any(repr(heading) in one for one in matching.problems)


def test_a_mapping_has_a_pair_in_each_line() -> None:
    """The last `=` splits a line; comments and empty lines are skipped, others are refused."""
    assert read_mapping(["# a", "", "A = b=c", "x= "], "f") == {"A = b": "c", "x": ""}
    with pytest.raises(Trouble, match="f, line 1: 'a' is not of the form"):
        read_mapping(["a"], "f")


def test_an_api_is_found_by_the_beginning_of_its_name() -> None:
    """Any case and a unique beginning find an API; a wrong name gets a suggestion."""
    assert find_version("additional-comp", "v1").name == "additional_competence v1"
    assert find_version("SEAGOING").api == "seagoing"
    with pytest.raises(Trouble, match="Did you mean course"):
        find_version("courses")


def test_the_newest_version_is_meant_where_none_is_named() -> None:
    """Without a version, the last one of the API is used."""
    for api, versions in VERSIONS.items():
        assert find_version(api).version == versions[-1]


def test_headings_are_judged_by_the_fields_they_fill() -> None:
    """By all that a record needs, and by how many are known; what is mapped counts as known."""
    fields = _fields("course", "v1")
    judged = judge(fields, {"Dag": "completedAt"})
    assert judged(["Kursrapport", ""]) == (False, 0)
    assert judged(["Fødselsnummer", "Dag", "Orgnr"]) == (False, 3)
    assert judged(["Fødselsnummer", "Dag", "Org.nr", "Kurskode", "Merknad"]) == (True, 4)
