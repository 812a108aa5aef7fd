"""Values of several kinds, and values that an enum does not list."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import pytest
from attrs import define, field

from sdir_async.types import UNSET, Model
from sdir_async.variants import (
    OpenNumber,
    OpenText,
    anything,
    exactly,
    fitting,
    listed,
    plain,
    written,
)


class Colour(OpenText):
    """An enum as it is generated."""

    RED = "red"


class Level(OpenNumber):
    """An enum as it is generated."""

    LOW = 1


@define
class Short(Model):
    """A model as it is generated, in short."""

    name: str
    additional_properties: dict[str, Any] = field(factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {**self.additional_properties, "name": self.name}

    @classmethod
    def from_dict(cls, src_dict: Any) -> Short:
        rest = dict(src_dict)
        return cls(rest.pop("name"), rest)


@define
class Long(Short):
    """One that knows a field more."""

    code: Any = UNSET

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "code": self.code}

    @classmethod
    def from_dict(cls, src_dict: Any) -> Long:
        rest = dict(src_dict)
        return cls(rest.pop("name"), code=rest.pop("code"), additional_properties=rest)


@define
class Open(Model):
    """One without a required field."""

    additional_properties: dict[str, Any] = field(factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {**self.additional_properties}

    @classmethod
    def from_dict(cls, src_dict: Any) -> Open:
        return cls(dict(src_dict))


@pytest.mark.parametrize("value", ["blue", 5, None, ""])
def test_a_value_that_is_not_listed_is_kept(value: Any) -> None:
    """It is a member in type, equal only to itself, and written unchanged."""
    member = Colour.read(value)
    assert isinstance(member, Colour)
    assert written(member) == value
    assert member not in list(Colour)
    for same in (copy.deepcopy(member), pickle.loads(pickle.dumps(member))):
        assert (type(same), same.value) == (Colour, value)


@pytest.mark.parametrize("kind", [Colour, Level])
@pytest.mark.parametrize("value", ["blue", 5, None])
def test_a_value_that_is_not_listed_is_shown(kind: Any, value: Any) -> None:
    """A record can be printed, whichever type of value the server sent for an enum."""
    assert repr(kind.read(value)) == f"<{kind.__name__}.{value}: {value!r}>"


def test_a_value_that_is_listed_is_the_member() -> None:
    """Identity holds, so that `is` and `match` work; a wrong one in a program still raises."""
    assert Colour.read("red") is Colour.RED
    assert Level.read(1) is Level.LOW
    assert Level.read(7) == 7
    assert str(Level.read(7)) == "7"
    with pytest.raises(ValueError, match="blue"):
        Colour("blue")


@pytest.mark.parametrize(
    ("data", "made"),
    [
        ({"name": "a"}, Short("a")),
        ({"name": "a", "code": 1}, Long("a", code=1)),
        ({"name": "a", "other": 1}, Short("a", {"other": 1})),
        ([{"name": "a"}], [Short("a")]),
        (["a"], ["a"]),
        (True, True),
        ("2024-05-31", datetime.date(2024, 5, 31)),
        ("ship", "ship"),
        (None, None),
        ({"code": 1}, {"code": 1}),
        (UNSET, UNSET),
    ],
)
def test_the_variant_that_fits_best_is_read(data: Any, made: Any) -> None:
    """Not the first that can be made; and what fits none stays as it is."""
    day = datetime.date.fromisoformat
    short = Short.from_dict
    variants = (short, Long.from_dict, listed(short), listed(plain(str)), day, exactly("ship"))
    found = fitting(data, *variants, plain(bool))
    assert found == made
    assert type(found) is type(made)
    assert written(found) == data


@pytest.mark.parametrize("data", [[], "", [["ab", "cd"]], [{"aa": 1, "bb": 2}]])
def test_what_is_not_an_object_is_not_read_as_one(data: Any) -> None:
    """A model without required fields takes no empty list, though `dict` would."""
    assert fitting(data, Open.from_dict) == data
    assert fitting([data], listed(Open.from_dict)) == [data]
    assert fitting(data, Open.from_dict, listed(anything)) == data


def test_a_discriminator_counts_more_than_what_fits() -> None:
    """Where it names no variant, what fits is read."""
    variants = {"s": Short.from_dict}
    data = {"name": "s", "code": 1}
    assert type(fitting(data, Long.from_dict, by=("name", variants))) is Short
    assert type(fitting({**data, "name": "x"}, Long.from_dict, by=("name", variants))) is Long
    assert fitting("text", anything, by=("name", variants)) == "text"
