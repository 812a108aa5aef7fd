"""Versions that announce their end, and operations that their document calls old."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest
from attrs import evolve

from sdir_async import Sdir
from sdir_async.deprecations import Deprecations
from sdir_async.document import Document, Operation

from .scripted import OK, Script, answer, sdir_over
from .virtual import run

TOY = Document("toys", "v1", "Toys", {})
READ, CREATE = Operation("listToys", "GET", "/toys", "read"), Operation("a", "POST", "/a", "create")


def told(
    headers: dict[str, str], operation: Operation = READ, *, newest: str = "v2", times: int = 1
) -> list[str]:
    """Return what is warned of when an answer has these headers."""
    deprecations = Deprecations({"toys": ("v1", newest)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(times):
            deprecations.heed(TOY, operation, headers)
    assert {warning.category for warning in caught} <= {DeprecationWarning}
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"deprecation": "@1688169599"}, "is deprecated since 2023-06-30"),
        ({"deprecation": "@4102444800"}, "will be deprecated on 2100-01-01"),
        ({"deprecation": "Fri, 30 Jun 2023 23:59:59 GMT"}, "is deprecated since 2023-06-30"),
        ({"sunset": "Sun, 30 Jun 2100 23:59:59 GMT"}, "stops working on 2100-06-30"),
        (
            {"deprecation": "@1688169599", "sunset": "Wed, 30 Jun 2100 23:59:59 GMT"},
            "is deprecated since 2023-06-30 and stops working on 2100-06-30",
        ),
        *(({"deprecation": odd}, "is deprecated") for odd in ("true", "@soon", "@" + "9" * 30, "")),
        ({"sunset": "some day"}, "is deprecated"),
    ],
)
def test_an_announcement_names_its_dates_and_the_newest_version(
    headers: dict[str, str], words: str
) -> None:
    """As the RFCs write them, and as earlier drafts did; what can't be read is not guessed."""
    assert told(headers) == [
        f"toys v1 {words}: the answer to listToys says so. Use v2, the newest version."
    ]


def test_each_version_is_told_of_once() -> None:
    """However many of its operations say it, and how often."""
    assert len(told({"sunset": "Wed, 30 Jun 2100 23:59:59 GMT"}, times=3)) == 1
    assert told({}) == []


def test_an_operation_that_its_document_calls_deprecated_is_told_of() -> None:
    """Whatever the server says; each operation once."""
    old = evolve(READ, deprecated=True)
    assert told({}, old, times=2) == [
        "toys v1 is to lose an operation: its document calls listToys deprecated."
        " Use v2, the newest version."
    ]


def test_the_newest_version_says_that_there_is_none_to_go_to() -> None:
    """A newer release of this library may have one."""
    (words,) = told({"deprecation": "@1688169599"}, newest="v1")
    assert "the newest version that this release of sdir-async has" in words


def test_calls_and_uploads_are_told_alike() -> None:
    """With the versions that there are; the warning points at the code that calls."""
    script = Script(answer(200, [], sunset="Wed, 30 Jun 2100 23:59:59 GMT"))

    async def main(sdir: Sdir) -> None:
        await sdir.additional_competence.v1.list_codes()
        await sdir.additional_competence.v1.list_codes()
        await sdir.additional_competence.v2.upload([{}], check=False)

    with pytest.warns(DeprecationWarning, match="stops working") as caught:
        run(main(sdir_over(script)))
    assert [str(warning.message).split(":")[0] for warning in caught] == [
        "additional_competence v1 stops working on 2100-06-30",
        "additional_competence v2 stops working on 2100-06-30",
    ]
    assert "Use v2" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_copy_warns_of_nothing_that_was_told() -> None:
    """It is the same program."""
    script = Script(answer(200, [], sunset="Wed, 30 Jun 2100 23:59:59 GMT"))

    async def main(sdir: Sdir) -> None:
        await sdir.course.v1.list_codes()
        await sdir.with_options(timeout=1).course.v1.list_codes()

    with pytest.warns(DeprecationWarning, match="stops working") as caught:
        run(main(sdir_over(script)))
    assert len(caught) == 1


def test_where_warnings_are_errors_a_create_is_not_lost(caplog: pytest.LogCaptureFixture) -> None:
    """It was saved: its answer is what counts, and the log has the warning. A read raises it."""
    headers = {"deprecation": "@1688169599"}
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, "sdir_async"):
        warnings.simplefilter("error")
        with pytest.raises(DeprecationWarning):
            Deprecations({}).heed(TOY, READ, headers)
        Deprecations({}).heed(TOY, CREATE, headers)
    assert "toys v1 is deprecated since 2023-06-30" in caplog.text


def test_the_log_says_it_too(caplog: pytest.LogCaptureFixture) -> None:
    """Python hides such a warning unless the code that calls is the program's own module."""
    caplog.set_level(logging.INFO, "sdir_async")
    (words,) = told({"deprecation": "@1688169599"})
    assert [record.getMessage() for record in caplog.records] == [words]


def test_nothing_is_told_of_what_announces_nothing(recwarn: Any) -> None:
    """Most answers."""
    run(sdir_over(Script(OK)).course.v1.list_codes())
    assert not recwarn.list
