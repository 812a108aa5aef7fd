"""A document is an input: it opens no connection and no file, and takes no more than it should."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from sdir_async.generation.failures import DocumentError
from sdir_async.generation.item_schemas import item_schema
from sdir_async.generation.prepare import prepare
from sdir_async.openapi.documents import load_documents, parse
from sdir_async.openapi.reader import read_folder
from sdir_async.sandbox.validation import Body, InvalidError

from .conftest import ROOT
from .server import serving
from .toys import Json, document, operation, ref

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Checkout
    from .server import Handler

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
HOSTILE = {
    "an alias bomb": (f"{BOMB}openapi: 3.0.1\npaths: {{}}", "more than 1,000,000 values"),
    "an alias of itself": ("a: &a [*a]\nopenapi: 3.0.1", "refers to itself"),
    "long texts by alias": (
        f"a: &a {'x' * 64_000}\nb: [{', '.join(['*a'] * 1100)}]",
        "more than 1,000,000 values",
    ),
    "100 KB of brackets": (f"openapi: 3.0.1\npaths: {'[' * 100_000}", "nested deeper than 100"),
    "100 KB of closed brackets": (
        f"openapi: 3.0.1\npaths: {'[' * 50_000}{']' * 50_000}",
        "nested deeper than 100",
    ),
    "blocks in blocks": (
        "openapi: 3.0.1\n" + "".join(" " * n + "a:\n" for n in range(300)),
        "nested deeper than 100",
    ),
    "JSON in JSON": ('{"a":' * 200 + "1" + "}" * 200, "nested deeper than 100"),
    "half a surrogate pair": ('{"openapi": "3.0.1", "x": "\\ud800"}', "surrogate|character"),
}
each_hostile = pytest.mark.parametrize(("text", "said"), HOSTILE.values(), ids=HOSTILE)


@each_hostile
def test_the_generator_refuses_it_and_says_why(text: str, said: str) -> None:
    """At once: nothing is built of it."""
    with pytest.raises(DocumentError, match=said):
        parse(text.encode(), json_only=text.startswith("{"))


@each_hostile
def test_the_sandbox_refuses_it_and_says_why(tmp_path: Path, text: str, said: str) -> None:
    """With the file; a parser in C would end the process."""
    (tmp_path / "v1.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"(?s)v1\.yaml: .*{said}"):
        load_documents(tmp_path)


def test_what_is_refused_takes_no_memory(tmp_path: Path) -> None:
    """All of it is read in a process that may take 600 MB."""
    for number, (text, _) in enumerate(HOSTILE.values()):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "v1.yaml").write_text(text)
    script = (
        "import sys, pathlib\n"
        "from sdir_async.openapi.documents import load_documents\n"
        "for folder in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    try: load_documents(folder)\n"
        "    except ValueError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20)),
        capture_output=True,
        timeout=300,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split() == [b"refused"] * len(HOSTILE)


@pytest.mark.parametrize("path", ["@127.0.0.1/a", ".example.com/a", "a", ""])
def test_a_path_can_be_no_part_of_the_host(path: str) -> None:
    """`https://api.sdir.no` and `@example.com/a` together are another host."""
    from sdir_async.generation.documents import check

    given = document({path: {"get": operation("a")}})
    check(given)
    assert list(given["paths"]) == [f"/{path}"]


def test_blank_names_of_an_enum_are_generated_all_the_same(checkout: Checkout) -> None:
    """Each gets a name of its own."""
    blank = {"type": "string", "enum": ["", " ", "\t", "\u200b", "!!", "-"]}
    made = document(
        {"/a": {"get": operation("a", answer=ref("One"))}},
        {"One": {"type": "object", "properties": {"blank": blank}}},
    )
    checkout.add("blank/v1.json", made)
    assert checkout.generate() == 0
    (module,) = (checkout.place.tree / "blank" / "v1" / "models").glob("*blank.py")
    compile(module.read_text(), str(module), "exec")


def leading(url: str) -> Json:
    """A record with a reference to elsewhere in each keyword that can hold one."""
    away = {"$ref": f"{url}/schema"}
    fields = {
        "if": {"type": "string", "if": away, "then": {"maxLength": 0}},
        "not": {"type": "string", "not": away},
        "contains": {"type": "array", "items": {"type": "string"}, "contains": away},
        "names": {"type": "object", "propertyNames": away},
        "pattern": {"type": "object", "patternProperties": {"a": away}},
        "rest": {"type": "object", "additionalProperties": away},
        "schema": {"type": "string", "$schema": f"{url}/dialect"},
        "id": {"type": "string", "$id": f"{url}/id"},
        "dynamic": {"type": "string", "$dynamicRef": f"{url}/dynamic"},
        "one": {"oneOf": [away, {"type": "string"}]},
    }
    return {"type": "object", "$schema": f"{url}/dialect", "properties": fields}


RECORD = {
    "if": "x",
    "not": "x",
    "contains": ["x"],
    "names": {"x": 1},
    "pattern": {"a": 1},
    "rest": {"a": 1},
    "schema": "x",
    "id": "x",
    "dynamic": "x",
    "one": "x",
}


def made_of(url: str) -> Json:
    body = {"type": "array", "items": ref("One")}
    return document({"/a/batch": {"post": operation("a", body=body)}}, {"One": leading(url)})


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_check_of_a_record_opens_nothing(tmp_path: Path, scheme: str) -> None:
    """Whatever keyword leads to another host or to a file: nobody is asked, and the rest counts."""
    asked: list[str] = []

    def reply(handler: Handler) -> None:
        asked.append(handler.path)
        handler.answer(200, b'{"maxLength": 0}')

    (tmp_path / "schema").write_text('{"maxLength": 0, "maxItems": 0}')
    with serving(reply) as server:
        url = server.url if scheme == "http" else tmp_path.as_uri()
        prepared, _ = prepare(made_of(url))
        schema = item_schema(prepared, ref("One"))
        assert url not in json.dumps(schema)
        validator = jsonschema_rs.validator_for(schema)
        assert validator.is_valid(RECORD)
        assert not validator.is_valid({**RECORD, "id": 1})
    assert asked == []


def test_the_sandbox_opens_nothing(tmp_path: Path) -> None:
    """A document that leads elsewhere is refused; `$id` and `$schema` are passed over."""
    asked: list[str] = []

    def reply(handler: Handler) -> None:
        asked.append(handler.path)
        handler.answer(200, b"{}")

    with serving(reply) as server:
        made = made_of(server.url)
        (tmp_path / "v1.json").write_text(json.dumps(made))
        with pytest.raises(ValueError, match=r"schema' refers to another document\.$"):
            read_folder(tmp_path)
        fields = made["components"]["schemas"]["One"]["properties"]
        for name in RECORD.keys() - {"schema", "id", "dynamic"}:
            del fields[name]
        (tmp_path / "v1.json").write_text(json.dumps(made))
        (operation_,) = read_folder(tmp_path)[1]
        assert operation_.body is not None
        body = Body(operation_.body, "a")
        assert body.read(json.dumps([RECORD]).encode()) == [RECORD]
        with pytest.raises(InvalidError):
            body.read(json.dumps([{**RECORD, "id": 1}]).encode())
    assert asked == []
