"""Which version of an API a call goes to."""

from __future__ import annotations

from typing import Any

import pytest

from sdir_async import ConfigurationError, Sdir
from sdir_async.api import VERSIONS
from sdir_async.api.additional_competence.v1.operations import AdditionalCompetenceV1
from sdir_async.api.additional_competence.v2.operations import AdditionalCompetenceV2
from sdir_async.versions import check_pins

from .scripted import KEY, OK, Script, sdir_over
from .virtual import run


def test_a_version_is_an_attribute_or_a_name() -> None:
    """Both are the same object."""
    competences = sdir_over(Script(OK)).additional_competence
    assert isinstance(competences.v1, AdditionalCompetenceV1)
    assert isinstance(competences.v2, AdditionalCompetenceV2)
    assert competences["v1"] is competences.v1
    assert competences["v2"] is competences.v2


def test_the_newest_version_is_selected_unless_one_is_pinned() -> None:
    """Per API: the others keep their newest."""
    competences = sdir_over(Script(OK)).additional_competence
    *_, older, newest = competences
    assert competences.selected is competences[newest]
    assert competences.selected is not competences[older]
    pinned = sdir_over(Script(OK), versions={"additional_competence": "v1"})
    assert pinned.additional_competence.selected is pinned.additional_competence.v1
    assert pinned.course.selected is pinned.course[VERSIONS["course"][-1]]


def test_a_pin_does_not_hide_the_other_versions() -> None:
    """It says what `.selected` is, and nothing else."""
    pinned = sdir_over(Script(OK), versions={"additional_competence": "v1"})
    assert isinstance(pinned.additional_competence.v2, AdditionalCompetenceV2)


def test_each_version_goes_to_its_own_address() -> None:
    """The version is a segment of the path."""
    script = Script(OK)

    async def main() -> None:
        competences = sdir_over(script).additional_competence
        await competences.v1.list_codes()
        await competences.v2.list_codes()

    run(main())
    assert [request.url.path.split("/")[3] for request in script.requests] == ["v1", "v2"]


@pytest.mark.parametrize("name", ["v99", "", "V1", "1", None, 1], ids=repr)
def test_an_unknown_version_is_refused_with_those_that_exist(name: Any) -> None:
    """By name; as an attribute it does not exist."""
    competences: Any = sdir_over(Script(OK)).additional_competence
    message = f"additional_competence has no version {name!r}; it has v1, v2\\b"
    with pytest.raises(ConfigurationError, match=message):
        competences[name]
    with pytest.raises(AttributeError):
        competences.v99  # noqa: B018


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        ({"additional_competence": "v99"}, "additional_competence has no version 'v99'; .* v1, v2"),
        ({"course": None}, "course has no version None; it has v1"),
        ({"courses": "v1"}, "API 'courses' was not found. Give one of .*course, "),
        ({"course": "v1", "x": "v1"}, "API 'x' was not found"),
    ],
)
def test_a_pin_to_what_does_not_exist_is_refused(pins: Any, message: str) -> None:
    """When the Sdir is made."""
    with pytest.raises(ConfigurationError, match=message):
        Sdir(KEY, versions=pins)


def test_a_refused_pin_is_told_all_that_may_be_pinned() -> None:
    """The APIs by name, the versions as they are numbered."""
    existing = {"ships": ("v2", "v10"), "boats": ("v1",)}
    check_pins({"ships": "v10", "boats": "v1"}, existing)
    with pytest.raises(
        ConfigurationError, match=r"API 'x' was not found\. Give one of boats, ships\.$"
    ):
        check_pins({"x": "v1"}, existing)
    with pytest.raises(ConfigurationError, match=r"no version 'v1'; it has v2, v10\.$"):
        check_pins({"ships": "v1"}, existing)


def test_a_pin_is_read_when_the_sdir_is_made() -> None:
    """Changing the mapping later changes nothing."""
    pins = {"additional_competence": "v1"}
    sdir = sdir_over(Script(OK), versions=pins)
    pins["additional_competence"] = "v2"
    assert isinstance(sdir.additional_competence.selected, AdditionalCompetenceV1)


def test_an_api_lists_its_versions() -> None:
    """The oldest first."""
    competences = sdir_over(Script(OK)).additional_competence
    names = VERSIONS["additional_competence"]
    assert names[:2] == ("v1", "v2")
    assert tuple(competences) == names
    assert "v2" in competences
    assert "v99" not in competences
    assert repr(competences) == f"<additional_competence: {', '.join(names)}>"
