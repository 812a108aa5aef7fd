"""The `TypedDict`s of what can be sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .toys import Json, document, operation, ref

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Checkout as Made

from .conftest import Checkout

SCHEMAS: Json = {
    "Ship": {
        "type": "object",
        "required": ["name", "built", "home"],
        "properties": {
            "name": {"type": "string", "description": 'Its "name".'},
            "built": {"type": "string", "format": "date"},
            "home": ref("Port"),
            "ports": {"type": "array", "items": ref("Port")},
            "kind": {"enum": ["TUG", "FERRY"], "type": "string"},
            "sister": {"anyOf": [ref("Ship"), {"type": "null"}]},
            "length": {"type": "number", "nullable": True},
            "anything": {},
            "notes": ref("Notes"),
        },
    },
    "Port": {
        "type": "object",
        "required": ["un-locode"],
        "properties": {"un-locode": {"type": "string"}, "class": {"type": "integer"}},
    },
    "Notes": {"type": "object", "additionalProperties": {"type": "string"}},
    "ShipDict": {"type": "object", "properties": {"a": {"type": "string"}}},
    "Unsent": {"type": "object", "properties": {"a": {"type": "string"}}},
}
PATHS: Json = {
    "/one": {"post": operation("sendOne", body=ref("Ship"), answer=ref("Unsent"))},
    "/many": {"post": operation("sendMany", body={"type": "array", "items": ref("Ship")})},
    "/either": {"post": operation("sendEither", body={"oneOf": [ref("Ship"), ref("Port")]})},
    "/words": {"post": operation("sendWords", body={"type": "array", "items": {"type": "string"}})},
    "/named": {"post": operation("sendNamed", body=ref("ShipDict"))},
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root: Path = tmp_path_factory.mktemp("dicts")
    checkout = Checkout(root)
    checkout.add("fleet/v1.json", document(PATHS, SCHEMAS))
    checkout.with_core()
    checkout.generate()
    return checkout


def test_all_that_can_be_sent_has_one_and_nothing_else(generated: Made) -> None:
    """Also what stands inside; names that a model has are left to it."""
    told = generated.run(
        "-c",
        "from sdir_async.api.fleet.v1 import records\n"
        "print(sorted(name for name in vars(records) if 'Dict' in name and name[0] != '_'))",
    )
    assert told.strip() == "['PortDict', 'ShipDictDict', 'ShipDict_']"


def test_keys_and_values_are_those_of_json(generated: Made) -> None:
    """Whatever a key is called; dates are text; what may be left out is known at run time too."""
    told = generated.run(
        "-c",
        "from typing import get_type_hints\n"
        "from sdir_async.api.fleet.v1.records import ShipDict_, PortDict\n"
        "for each in (ShipDict_, PortDict):\n"
        "    print(sorted(each.__required_keys__), sorted(each.__optional_keys__))\n"
        "print(get_type_hints(ShipDict_))",
    ).splitlines()
    assert told[0] == (
        "['built', 'home', 'name'] ['anything', 'kind', 'length', 'notes', 'ports', 'sister']"
    )
    assert told[1] == "['un-locode'] ['class']"
    for words in (
        "'built': <class 'str'>",
        "'kind': <class 'str'>",
        "'notes': dict[str, typing.Any]",
        "'sister': sdir_async.api.fleet.v1.records.ShipDict_ | None",
    ):
        assert words in told[2]


def test_a_method_takes_mappings_where_it_takes_models(generated: Made) -> None:
    """A list may be any sequence then; where there are no models, nothing changes."""
    code = generated.text("fleet/v1/operations.py")
    taken = dict(re.findall(r"async def (\w+)\(\n        self,\n        body: (.+),\n", code))
    assert taken == {
        "send_one": "Ship | ShipDict_",
        "send_many": "Sequence[Ship | ShipDict_]",
        "send_either": "Ship | ShipDict_ | Port | PortDict",
        "send_words": "list[str]",
        "send_named": "ShipDict | ShipDictDict",
    }
