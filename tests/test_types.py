"""`UNSET`, and what every model has in common."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import pytest

from sdir_async import UNSET, Unset
from sdir_async.api.additional_competence.v1 import (
    AdditionalCompetence,
    Competence,
    Organization,
    Person,
    Vessel,
)
from sdir_async.types import Model

from .scripted import PERSON


def record(**changes: Any) -> AdditionalCompetence:
    given: dict[str, Any] = {
        "person": Person(id=PERSON, first_name="Ola"),
        "organization": Organization(organisation_number="991825827"),
        "competence": Competence(competence_code="BS0", completion_date=datetime.date(2020, 5, 1)),
        "vessel": Vessel(imo_number="9074729"),
    }
    return AdditionalCompetence(**{**given, **changes})


def test_unset_is_false_and_says_its_name() -> None:
    """So `if record.field` reads well."""
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    assert isinstance(UNSET, Unset)
    assert Unset() is UNSET


@pytest.mark.parametrize(
    "take", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_there_is_only_one_unset(take: Any) -> None:
    """`is` finds it again after a copy, in a model too."""
    assert take(UNSET) is UNSET
    assert take(record()).registrator_name is UNSET
    assert take(record()) == record()


def test_a_repr_shows_no_person_number() -> None:
    """At any depth, in any field, also in those that came without notice."""
    made = record(registrator_name=f"for {PERSON}")
    made.additional_properties["extra"] = {"id": PERSON}
    shown = f"{made!r} {made} {[made]} {made.person!r}"
    assert PERSON not in shown
    assert made.person.id == PERSON


def test_a_repr_hides_what_the_document_calls_personal() -> None:
    """Names of persons, and numbers however they are spelled; `None` and `""` say nothing."""
    assert repr(record().person) == "Person(id=***, first_name=***)"
    assert "registrator_name=***" in repr(record(registrator_name="Kari Nordmann"))
    assert repr(Person(id="1", middle_name=None)) == "Person(id=***, middle_name=None)"


def test_a_repr_shows_what_is_there() -> None:
    """And leaves out what is unset."""
    assert repr(record().vessel) == "Vessel(imo_number='9074729')"


def test_a_repr_shows_fields_that_came_without_notice() -> None:
    """If there are any."""
    vessel = Vessel(imo_number="x")
    vessel.additional_properties["new"] = 1
    assert repr(vessel) == "Vessel(imo_number='x', additional_properties={'new': 1})"


def test_a_failing_comparison_shows_no_person_number() -> None:
    """A test runner prints both sides."""
    assert record() != record(person=Person(id="41810021827"))
    assert PERSON not in repr([record(), {"key": record()}])


def test_every_model_is_one() -> None:
    """What uploads take is known by that."""
    assert isinstance(record(), Model)
    assert isinstance(record().person, Model)
