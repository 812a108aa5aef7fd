"""A file and a command make a version: methods, models, uploads, all of it typed."""

from __future__ import annotations

import json
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest

from sdir_async.generation.failures import GenerationFailed

from .conftest import ROOT, Checkout
from .toys import SHIP, Json, content, document, fleet, operation, query, ref

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_new_api_is_a_file_and_a_command(checkout: Checkout) -> None:
    """Dropped in, it is an attribute of `Sdir` with typed methods and uploads."""
    checkout.add("fleet/v1.yaml", json.dumps(fleet()))
    checkout.add("boats/v1.json", fleet())
    checkout.add("boats/v2.json", fleet())
    checkout.with_core()
    assert checkout.generate() == 0
    (checkout.root / "sdir_async" / "api" / "user.py").write_text(
        "from typing import assert_type\n"
        "from uuid import UUID\n"
        "from sdir_async.api import Apis\n"
        "from sdir_async import Upload\n"
        "from sdir_async.api.fleet.v1 import FleetV1, SavedShip, Ship\n"
        "from sdir_async.api.boats.v1 import BoatsV1\n"
        "from sdir_async.api.boats.v2 import BoatsV2\n"
        "async def use(sdir: Apis, name: str) -> None:\n"
        "    assert_type(sdir.boats.v2, BoatsV2)\n"
        "    assert_type(sdir.boats[name], BoatsV1 | BoatsV2)\n"
        "    assert_type(sdir.boats.selected, BoatsV1 | BoatsV2)\n"
        "    sdir.boats.selected.upload([{'name': 'a'}])\n"
        "    fleet = sdir.fleet.v1\n"
        "    assert_type(fleet, FleetV1)\n"
        "    assert_type(sdir.fleet.selected, FleetV1)\n"
        "    assert_type(await fleet.get_ship(UUID(int=1)), SavedShip)\n"
        "    assert_type(await fleet.create_ships([Ship(name='a')]), list[SavedShip])\n"
        "    assert_type(fleet.upload([Ship(name='a')], operation='create'), Upload[SavedShip])\n"
        "    fleet.upload([Ship(name='a')], operation='validate')\n"
        "    fleet.upload([], operation='update')  # type: ignore[arg-type]\n"
    )
    assert "no issues found" in checkout.mypy()


def test_a_new_version_of_an_api_stands_beside_the_others(checkout: Checkout) -> None:
    """The newest by number is the selected one, and an old one is there as long as its file is."""
    ours = ROOT / "openapi" / "additional_competence"
    folder = checkout.place.documents / "additional_competence"
    folder.mkdir(parents=True)
    for copied, name in {"v1": "v1", "v2": "v2", "v3": "v2", "v10": "v2"}.items():
        shutil.copy(ours / f"{name}.yaml", folder / f"{copied}.yaml")
    checkout.generate()
    assert '"v1", "v2", "v3", "v10"' in " ".join(checkout.text("__init__.py").split()).replace(
        "( ", ""
    )
    checkout.with_core()
    code = (
        "import asyncio, sdir_async.client\n"
        "async def main():\n"
        "    async with sdir_async.client.Sdir('key') as sdir:\n"
        "        print(sdir.additional_competence.selected)\n"
        "asyncio.run(main())\n"
        "print(sorted(sdir_async.describe('additional_competence', 'v3').batches))"
    )
    printed = checkout.run("-c", code)
    assert "additional_competence v10" in printed
    assert "['create', 'update']" in printed


def test_removing_the_file_removes_all_of_it(checkout: Checkout) -> None:
    """Without its document, a version or a whole API is gone from the tree and from its index."""
    checkout.add("boats/v1.json", fleet())
    checkout.add("boats/v2.json", fleet())
    checkout.add("ships/v1.json", fleet())
    checkout.generate()
    (checkout.place.documents / "boats/v2.json").unlink()
    shutil.rmtree(checkout.place.documents / "ships")
    checkout.generate()
    assert not [name for name in checkout.files() if "ships/" in name or "v2" in name]
    assert "ships" not in checkout.text("__init__.py")


def test_two_runs_are_byte_identical_and_need_no_network(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run from scratch writes the same bytes again, and no run connects a socket."""

    def refuse(*_: Any) -> None:
        raise AssertionError("generation used the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    checkout.add("fleet/v1.json", {**fleet(), "webhooks": {"moved": {}}})
    checkout.generate()
    first = checkout.files()
    shutil.rmtree(checkout.place.tree)
    checkout.generate()
    assert checkout.files() == first


def test_files_that_stay_the_same_are_not_written_again(checkout: Checkout) -> None:
    """A second run with no change leaves the modification time of every Python file."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    before = {path: path.stat().st_mtime_ns for path in checkout.place.tree.rglob("*.py")}
    checkout.generate()
    assert {path: path.stat().st_mtime_ns for path in checkout.place.tree.rglob("*.py")} == before


def test_a_check_looks_both_ways(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that changed, one that is missing and one too many are all stale."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    assert checkout.generate(check=True) == 0
    version = checkout.place.tree / "fleet" / "v1"
    (version / "models" / "ship.py").unlink()
    (version / "operations.py").write_text("")
    (version / "more.py").write_text("")
    assert checkout.generate(check=True) == 1
    said = capsys.readouterr().err
    assert "sdir_async/api/fleet/v1/models/ship.py: missing" in said
    assert "sdir_async/api/fleet/v1/operations.py: changed" in said
    assert "sdir_async/api/fleet/v1/more.py: extra" in said
    assert "make generate" in said


def test_what_is_left_out_is_listed_at_the_end_and_beside_the_code(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was left out is printed with its reason, and `left_out.md` has the same entry."""
    upload = {"requestBody": content({"type": "file"}, "multipart/form-data"), "responses": {}}
    checkout.add(
        "boats/v1.json", document({"/photo": {"post": upload}, "/a": {"get": operation("a")}})
    )
    checkout.generate()
    why = "its body is multipart/form-data, not JSON"
    assert f"openapi/boats/v1.json: POST /photo: operation: {why}" in capsys.readouterr().out
    assert f"| POST /photo | operation | {why} |" in checkout.text("boats/v1/left_out.md")


def test_nothing_left_out_is_no_file(checkout: Checkout) -> None:
    """If nothing was left out, there is no `left_out.md`."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    assert not list(checkout.place.tree.rglob("left_out.md"))


def test_an_overlay_changes_what_is_generated_and_not_the_document(checkout: Checkout) -> None:
    """An overlay renames the generated method, and the document keeps its bytes."""
    path = checkout.add("fleet/v1.json", fleet())
    before = path.read_bytes()
    better = {
        "target": "$.paths['/ships'].get",
        "description": "why",
        "update": {"operationId": "findShips"},
    }
    checkout.add("fleet/v1.overlay.yaml", json.dumps({"overlay": "1.0.0", "actions": [better]}))
    checkout.generate()
    assert "async def find_ships(" in checkout.text("fleet/v1/operations.py")
    assert path.read_bytes() == before


def test_the_schema_of_a_record_is_there_for_each_batch(checkout: Checkout) -> None:
    """`schemas.json` has a schema for each batch, with the limits of the record's fields."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    schemas = json.loads(checkout.text("fleet/v1/schemas.json"))
    assert sorted(schemas) == ["create", "validate"]
    assert schemas["create"]["$defs"]["Ship"]["properties"]["name"] == {
        "type": "string",
        "maxLength": 20,
    }


def test_a_version_without_batches_has_no_upload_and_no_schemas(checkout: Checkout) -> None:
    """Without a batch, the class is based on plain `Operations` and there is no `schemas.json`."""
    checkout.add("boats/v1.json", document({"/a": {"get": operation("a")}}))
    checkout.generate()
    assert "class BoatsV1(Operations):" in checkout.text("boats/v1/operations.py")
    assert not (checkout.place.tree / "boats/v1/schemas.json").exists()


def test_a_version_without_operations_is_there(checkout: Checkout) -> None:
    """A document without operations gives code that type-checks."""
    checkout.add("boats/v1.json", document())
    checkout.with_core()
    checkout.generate()
    assert "no issues found" in checkout.mypy()


def test_several_batches_of_a_kind_are_called_like_their_methods(checkout: Checkout) -> None:
    """Two batches that create are named by their methods, in the types and in `schemas.json`."""
    many = {"type": "array", "items": ref("Ship")}
    doc = fleet()
    doc["paths"] |= {"/boats/batch": {"post": operation("createBoats", body=many)}}
    checkout.add("fleet/v1.json", doc)
    checkout.generate()
    text = checkout.text("fleet/v1/operations.py")
    assert 'Literal["create_boats", "create_ships", "validate"]' in text
    assert sorted(json.loads(checkout.text("fleet/v1/schemas.json"))) == [
        "create_boats",
        "create_ships",
        "validate",
    ]


def _of_texts(doc: Json) -> None:
    doc["components"]["schemas"]["Ships"]["items"] = {"type": "string"}


def _in_a_harbour(doc: Json) -> None:
    doc["paths"]["/harbours/{harbour}/ships/batch"] = doc["paths"].pop("/ships/batch")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_of_texts, "an item of its list is not an object; use the method create_ships"),
        (_in_a_harbour, "it needs harbour besides records; use the method create_ships"),
    ],
)
def test_a_batch_that_upload_can_not_send_is_a_method_all_the_same(
    checkout: Checkout, change: Callable[[Json], None], why: str
) -> None:
    """A batch that `upload` can't send keeps its method, and `left_out.md` gives the reason."""
    doc = fleet()
    change(doc)
    checkout.add("fleet/v1.json", doc)
    checkout.generate()
    assert "async def create_ships(" in checkout.text("fleet/v1/operations.py")
    assert why in checkout.text("fleet/v1/left_out.md")


def test_parameters_step_aside_for_our_own_and_are_described(checkout: Checkout) -> None:
    """Parameters named `timeout`, `self` or `body` get an underscore; a description is kept."""
    given = [
        query("timeout", description="How long the\nfishing takes"),
        query("self"),
        query("body"),
    ]
    checkout.add("boats/v1.json", document({"/a": {"get": operation("a", parameters=given)}}))
    checkout.generate()
    text = checkout.text("boats/v1/operations.py")
    assert '"timeout": timeout_' in text
    assert '"self": self_' in text
    assert '"body": body_' in text
    assert "timeout_: How long the\n                fishing takes" in text


def test_what_the_document_calls_deprecated_is_known(checkout: Checkout) -> None:
    """Only the operation that the document deprecates is generated with `deprecated=True`."""
    paths = {"/a": {"get": operation("old") | {"deprecated": True}, "post": operation("new")}}
    checkout.add("boats/v1.json", document(paths))
    checkout.generate()
    text = checkout.text("boats/v1/operations.py")
    assert 'Operation("old", "GET", "/a", "read", deprecated=True)' in text
    assert 'Operation("new", "POST", "/a", "create")' in text


def test_a_record_may_have_a_field_of_any_name(checkout: Checkout) -> None:
    """Also one that is called like the record, or like something in the methods of its class."""
    names = [
        "code",
        "d",
        "cls",
        "cast",
        "to_dict",
        "additionalProperties",
        "self",
        "class",
        "_id",
        "2nd",
    ]
    code = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    checkout.add(
        "boats/v1.json",
        document({"/a": {"get": operation("a", answer=ref("Code"))}}, {"Code": code}),
    )
    checkout.generate()
    checkout.with_core()
    record = dict.fromkeys(names, "x")
    code_of = (
        "from sdir_async.api.boats.v1 import Code; print(Code.from_dict({0}).to_dict() == {0})"
    )
    assert checkout.run("-c", code_of.format(record)) == "True\n"
    assert "no issues found" in checkout.mypy()


def test_equal_answers_share_a_parser(checkout: Checkout) -> None:
    """Operations with the same answer use one parser, which is generated once."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    text = checkout.text("fleet/v1/operations.py")
    assert text.count("def _parse_list_of_saved_ship(") == 1
    assert text.count("_parse_list_of_saved_ship,") == 3


def test_what_the_generator_can_not_express_becomes_any_value_and_is_listed(
    checkout: Checkout,
) -> None:
    """One odd schema must not take the operations with it that mention it."""
    schemas = {"Ship": SHIP, "Flag": {"type": "string", "enum": ["NO"]}}
    odd = {"allOf": [ref("Ship"), ref("Flag")]}
    checkout.add(
        "boats/v1.json",
        document({"/a": {"post": operation("a", body=ref("Odd"))}}, {"Odd": odd, **schemas}),
    )
    checkout.generate()
    assert "body: Any" in checkout.text("boats/v1/operations.py")
    assert "| schema Odd |" in checkout.text("boats/v1/left_out.md")


def test_the_reason_is_a_sentence(checkout: Checkout) -> None:
    """The generator's own words are those of its code, and hold whole schemas."""
    schemas: dict[str, Json] = {
        "Odd": {"anyOf": [{"type": "string"}, {"type": "array", "items": ref("Odd")}]},
        "Part": {"allOf": [ref("Part"), SHIP]},
        "Flag": {"type": "string", "enum": ["NO"]},
        "Mixed": {"allOf": [SHIP, ref("Flag")]},
    }
    paths = {f"/{name}": {"post": operation(f"a{name}", body=ref(name))} for name in schemas}
    checkout.add("boats/v1.json", document(paths, schemas))
    checkout.generate()
    lines = checkout.text("boats/v1/left_out.md").splitlines()
    reasons = {line.split(" | ")[0][2:]: line.split(" | ")[2] for line in lines if "schema" in line}
    assert reasons["schema Mixed"].startswith("any value; `allOf` joins it from parts")
    assert reasons["schema Part"].startswith("any value; it is a part of itself")
    assert all(len(each.split()) < 20 and "within" not in each for each in reasons.values())


def test_values_of_every_shape_are_python_that_type_checks(checkout: Checkout) -> None:
    """Each of these stopped a run, or made code that is refused."""
    listed = {"type": "array", "items": {}, "nullable": True}
    properties = {
        "yes": {"const": True},
        "half": {"const": 0.5},
        "pair": {"const": [1, 2]},
        "one": {"const": 1},
        "list": listed,
        "either": {"anyOf": [{"type": "string", "format": "date"}, {"type": "array", "items": {}}]},
    }
    odd = {"type": "object", "required": ["yes"], "properties": properties}
    table = {"type": "object", "additionalProperties": ref("Odd")}
    paths = {
        "/a": {"post": operation("a", body=ref("Table"), answer=ref("Table"))},
        "/b": {"get": operation("b", answer=listed)},
        "/c": {"get": operation("c", answer={"anyOf": [listed, {"type": "string"}]})},
        "/d": {"get": operation("d", answer={"type": "array"})},
    }
    checkout.add("boats/v1.json", document(paths, {"Table": table, "Odd": odd}))
    checkout.generate()
    checkout.with_core()
    record = {"x": {"yes": True, "half": 0.5, "pair": [1, 2], "one": 1, "list": None}}
    code = f"from sdir_async.api.boats.v1 import Table; made = Table.from_dict({record});"
    assert checkout.run("-c", f"{code} print(made.to_dict() == {record})") == "True\n"
    assert "no issues found" in checkout.mypy()


def test_a_list_goes_as_the_document_says(checkout: Checkout) -> None:
    """Each item by itself, or all in one text: `explode: false`, and every list in a path."""
    many = {"type": "array", "items": {"type": "integer"}}
    parameters = [
        query("each", many),
        query("commas", many, explode=False),
        query("pipes", many, style="pipeDelimited"),
        query("spaces", {**many, "nullable": True}, style="spaceDelimited", explode=False),
        {"name": "ids", "in": "path", "schema": many},
    ]
    paths = {"/a/{ids}": {"get": operation("a", parameters=parameters)}}
    checkout.add("boats/v1.json", document(paths))
    checkout.generate()
    checkout.with_core()
    code = """
import asyncio
import httpx
from sdir_async import Sdir

def seen(request):
    print(request.url.query.decode(), request.url.path)
    return httpx.Response(200)

async def main():
    async with httpx.AsyncClient(transport=httpx.MockTransport(seen)) as client:
        async with Sdir(api_key="0" * 16, base_url="http://localhost", http_client=client) as sdir:
            await sdir.boats.v1.a([1, 2], each=[3, 4], commas=[5, 6], pipes=[7, 8], spaces=[9, 10])
            await sdir.boats.v1.a([1], commas=[], spaces=None)

asyncio.run(main())
"""
    assert checkout.run("-c", code) == (
        "each=3&each=4&commas=5%2C6&pipes=7%7C8&spaces=9+10 /a/1,2\n /a/1\n"
    )


def test_a_run_says_what_it_did(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """A run prints each file that it adds or removes."""
    document_of_boats = checkout.add("boats/v1.json", document())
    checkout.generate()
    assert "sdir_async/api/boats/v1/operations.py: added" in capsys.readouterr().out
    document_of_boats.unlink()
    checkout.generate()
    assert "sdir_async/api/boats/v1/operations.py: removed" in capsys.readouterr().out


def test_a_mistake_leaves_the_tree_as_it_was(checkout: Checkout) -> None:
    """A document that does not parse stops the run with its line, and no generated file changes."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    before = checkout.files()
    checkout.add("boats/v1.yaml", "openapi: 3.0.1\npaths: {]")
    with pytest.raises(GenerationFailed, match=r"boats/v1\.yaml: line 2"):
        checkout.generate()
    assert checkout.files() == before


def test_a_path_and_its_places_may_hold_any_letter(checkout: Checkout) -> None:
    """What stands between the places is encoded, the names of the places are not."""
    paths = {"/skip på sjø/{harbour id}/{ship id}": {"get": operation("a")}}
    checkout.add("boats/v1.json", document(paths))
    checkout.generate()
    checkout.with_core()
    code = """
import asyncio
import httpx
from sdir_async import Sdir

def seen(request):
    print(request.url.raw_path.decode())
    return httpx.Response(200)

async def main():
    async with httpx.AsyncClient(transport=httpx.MockTransport(seen)) as client:
        async with Sdir(api_key="0" * 16, base_url="http://localhost", http_client=client) as sdir:
            await sdir.boats.v1.a("Å", "1/2")

asyncio.run(main())
"""
    assert checkout.run("-c", code) == "/skip%20p%C3%A5%20sj%C3%B8/%C3%85/1%2F2\n"
