"""Documents that were once read wrongly, each in use: what goes over the wire, what comes back."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import frozen

from sdir_async.errors import ConnectionFailed, UnknownOutcome
from sdir_async.generation.run import OWN, Place, run
from sdir_async.openapi.documents import parse

from .server import Handler, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*.yaml"))


@frozen
class Sent:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body, parsed."""
        return json.loads(self.body)


class Cases:
    """The generated package of all documents, and a server to use it with."""

    def __init__(self, package: str, tree: Path) -> None:
        self._package = package
        self.tree = tree

    def models(self, name: str) -> Any:
        """Return the public names of a document."""
        return importlib.import_module(f"{self._package}.{name}.v1")

    def left_out(self, name: str) -> str:
        """Return what was left out of a document."""
        return (self.tree / name / "v1" / "left_out.md").read_text(encoding="utf-8")

    def call(
        self, name: str, use: Callable[[Any], Awaitable[Any]], answer: Any = None, status: int = 200
    ) -> tuple[Any, Sent]:
        """Use a version against a server with one answer; return the value and the request."""
        sent: list[Sent] = []
        content = b"" if answer is None else json.dumps(answer).encode()

        def reply(handler: Handler) -> None:
            headers = {key.lower(): value for key, value in handler.headers.items()}
            sent.append(Sent(handler.command, handler.path, headers, handler.body()))
            handler.answer(status, content, Content_Type="application/json")

        with serving(reply) as server:
            value = asyncio.run(self.run(name, use, server.url))
        return value, sent[0]

    async def run(self, name: str, use: Callable[[Any], Awaitable[Any]], url: str) -> Any:
        """Use a version against a server."""
        sdir: Any = importlib.import_module(self._package)
        async with sdir.Sdir(api_key="key", base_url=url) as client:
            return await use(getattr(client, name).v1)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """All documents, generated at once into a package of their own."""
    root = tmp_path_factory.mktemp("cases")
    place = Place(root / "openapi", root / "sdir_cases", name="sdir_cases", command=OWN)
    for path in CASES:
        (place.documents / path.stem).mkdir(parents=True)
        shutil.copy(path, place.documents / path.stem / "v1.yaml")
    assert run(place) == 0
    sys.path.insert(0, str(root))
    return Cases(place.name, place.tree)


@pytest.mark.parametrize("name", [path.stem for path in CASES])
def test_every_document_can_be_imported(cases: Cases, name: str) -> None:
    """All public names, so that every module of the version is loaded."""
    models = cases.models(name)
    assert [getattr(models, each) for each in models.__all__]


@pytest.mark.parametrize(
    ("call", "kind", "accept"),
    [
        ("patch_ship", "application/merge-patch+json", "application/hal+json"),
        ("both_patch", "application/json", "application/json"),
        ("vendor", "application/vnd.api+json", "application/vnd.api+json"),
    ],
)
def test_the_content_type_of_the_document_is_sent_and_asked_for(
    cases: Cases, call: str, kind: str, accept: str
) -> None:
    """A server with two handlers takes the wrong one otherwise, or says 415."""
    ship = cases.models("media_types").Ship(name="Fram")
    path = [] if call == "vendor" else ["1"]
    _, sent = cases.call("media_types", lambda api: getattr(api, call)(*path, ship), {"name": "x"})
    assert (sent.headers["content-type"], sent.headers["accept"]) == (kind, accept)
    assert sent.body == b'{"name":"Fram"}'


def test_a_json_patch_is_sent_as_one(cases: Cases) -> None:
    """Its body is a list of steps."""
    op = cases.models("media_types").Op(op="remove", path="/name")
    _, sent = cases.call("media_types", lambda api: api.json_patch("1", [op]), status=204)
    assert sent.headers["content-type"] == "application/json-patch+json"
    assert sent.json == [{"op": "remove", "path": "/name"}]


def test_lines_of_json_are_left_out_and_listed(cases: Cases) -> None:
    """The methods do not exist, and the list says why."""
    models = cases.models("media_types")
    assert not {"lines", "jsonl"} & set(dir(models.MediaTypesV1))
    assert "| POST /lines | operation | its body is application/json-seq, not JSON |" in (
        cases.left_out("media_types")
    )


def test_a_value_that_is_not_given_is_not_sent(cases: Cases) -> None:
    """A patch that sent defaults would overwrite what it does not mention."""
    patch = cases.models("patch_defaults").ShipPatch(name="x")
    _, sent = cases.call("patch_defaults", lambda api: api.update_ship("1", patch), status=204)
    assert sent.body == b'{"name":"x"}'
    _, sent = cases.call("patch_defaults", lambda api: api.get_ship("1"), status=204)
    assert sent.path == "/base/ships/1"


@pytest.mark.parametrize("content", [["a", "b"], [{"text": "a"}], []])
def test_either_of_two_lists_is_sent_and_read(cases: Cases, content: list[Any]) -> None:
    """A list of models and a list of texts."""
    models = cases.models("union_of_lists")
    given = [models.Line(**each) if isinstance(each, dict) else each for each in content]
    value, sent = cases.call(
        "union_of_lists", lambda api: api.log(models.Log(content=given)), {"content": content}
    )
    assert sent.json == {"content": content}
    assert value == models.Log(content=given)


def test_a_discriminator_decides_what_is_read(cases: Cases) -> None:
    """Both kinds fit both pets: only the field tells them apart."""
    models = cases.models("discriminator")
    pets = [{"petType": "dog", "name": "A"}, {"petType": "cat", "claws": 4}, {"petType": "eel"}]
    value, _ = cases.call("discriminator", lambda api: api.list_pets(), pets)
    assert [type(each) for each in value[:2]] == [models.Dog, models.Cat]
    assert [each.to_dict() for each in value] == pets
    at = datetime.datetime(2024, 5, 31, tzinfo=datetime.UTC)
    dog = models.Dog(pet_type="dog", bark=at)
    value, sent = cases.call("discriminator", lambda api: api.create_pet(dog), dog.to_dict())
    assert sent.json == {"petType": "dog", "bark": "2024-05-31T00:00:00+00:00"}
    assert value == dog


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"name": "a"}, "Short"),
        ({"name": "a", "built": "2024-05-31"}, "Long"),
        ("2024-05-31", "date"),
        ({"other": 1}, "dict"),
        ("text", "str"),
    ],
)
def test_without_a_discriminator_the_variant_that_fits_is_read(
    cases: Cases, data: Any, kind: str
) -> None:
    """The first that takes it may not know all of it; what fits none stays as it is."""
    value, sent = cases.call("unions", lambda api: api.either(data), data)
    assert type(value).__name__ == kind
    assert sent.json == data


def test_fields_beside_alternatives_are_one_class(cases: Cases) -> None:
    """The fields of all alternatives are there, each with its type."""
    models = cases.models("unions")
    uid = uuid.uuid4()
    mixed = models.Mixed(id=uid, code=datetime.date(2024, 5, 31))
    value, sent = cases.call("unions", lambda api: api.mixed(mixed), mixed.to_dict())
    assert sent.json == {"id": str(uid), "code": "2024-05-31"}
    assert value == mixed


def test_alternatives_that_only_require_fields_are_no_types(cases: Cases) -> None:
    """They say which of the fields must be there; the class has them all."""
    needs = cases.models("unions").Needs(a=datetime.date(2024, 5, 31))
    value, sent = cases.call("unions", lambda api: api.needs(needs), {"b": "x"})
    assert sent.json == {"a": "2024-05-31"}
    assert value.b == "x"


def test_words_about_a_schema_make_no_class_of_their_own(cases: Cases) -> None:
    """A value that an enum does not list is kept, is equal to itself and is written as it came."""
    models = cases.models("unions")
    data = {"short": {"name": "a"}, "colour": "blue", "level": 7, "one": "2024-05-31"}
    data |= {"only": {"name": "b"}, "same": {"name": "c"}, "alias": {"name": "d"}}
    value, _ = cases.call("unions", lambda api: api.said(), data)
    shorts = (value.short, value.only, value.same, value.alias)
    assert [type(each) for each in shorts] == [models.Short] * 4
    assert value.one == datetime.date(2024, 5, 31)
    assert type(value.colour) is models.Colour
    assert value.colour == "blue"
    assert value.to_dict() == data
    assert models.Said.from_dict({"level": 2}).level.name == "HIGH"
    with pytest.raises(ValueError, match="blue"):
        models.Colour("blue")


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (200, [{"name": "a"}], "Short"),
        (201, [{"name": "a"}], "Long"),
        (203, {"at": "2024-05-31"}, "SeveralAnswer"),
    ],
)
def test_each_answer_is_read_by_the_schema_of_its_status(
    cases: Cases, status: int, answer: Any, kind: str
) -> None:
    """The same JSON is another class with another status; a pattern is for what is not listed."""
    value, _ = cases.call("unions", lambda api: api.several(), answer, status)
    one = value[0] if isinstance(value, list) else value
    assert type(one).__name__.startswith(kind)
    assert one.to_dict() == (answer[0] if isinstance(answer, list) else answer)


def test_an_answer_without_content_is_none_beside_others(cases: Cases) -> None:
    """A 202 promises nothing; a status that the document does not have is read as what fits."""
    assert cases.call("unions", lambda api: api.several(), None, 202)[0] is None
    value, _ = cases.call("unions", lambda api: api.status(), {"name": "a", "built": None}, 206)
    assert value.to_dict() == {"name": "a", "built": None}
    some, _ = cases.call("unions", lambda api: api.some(), {"name": "a"}, 203)
    assert type(some).__name__ == "Long"
    any_, _ = cases.call("unions", lambda api: api.some(), {"name": "a"}, 200)
    assert any_ == {"name": "a"}


@pytest.mark.parametrize("call", ["get_things", "get_things_2"])
@pytest.mark.parametrize("answer", [{"a": [1]}, [1, 2], None])
def test_a_read_without_declared_content_returns_the_json(
    cases: Cases, call: str, answer: Any
) -> None:
    """Exports of the gateway declare none for whole APIs."""
    value, _ = cases.call("no_content", lambda api: getattr(api, call)(), answer)
    assert value == answer


def test_a_write_without_declared_content_returns_nothing(cases: Cases) -> None:
    """And its body may be left away where the document says so."""
    value, sent = cases.call("no_content", lambda api: api.create_thing(), {"id": 1}, 201)
    assert value is None
    assert sent.body == b""
    body = cases.models("no_content").CreateThingBody(a="x")
    _, sent = cases.call("no_content", lambda api: api.create_thing(body), None, 201)
    assert sent.body == b'{"a":"x"}'


def test_methods_without_content_and_with_unusual_bodies_work(cases: Cases) -> None:
    """A HEAD, a DELETE with a body, and a GET whose only body is an optional form."""
    value, sent = cases.call("no_content", lambda api: api.head_it())
    assert (value, sent.method) == (None, "HEAD")
    value, sent = cases.call("no_content", lambda api: api.del_it([1, 2]), 2)
    assert (value, sent.method, sent.body) == (2, "DELETE", b"[1,2]")
    value, _ = cases.call("no_content", lambda api: api.form_get(), {"a": "x"})
    assert value.a == "x"
    value, _ = cases.call("no_content", lambda api: api.get_both(), None, 204)
    assert value is None


@pytest.mark.parametrize(("call", "path"), [("own_server", "/own"), ("own_server_2", "/own2")])
def test_an_operation_is_called_at_its_own_server(cases: Cases, call: str, path: str) -> None:
    """The path of that server, below the base URL that the caller gave."""
    _, sent = cases.call("no_content", lambda api: getattr(api, call)(), status=204)
    assert sent.path == path + path


def test_what_a_path_refers_to_is_beside_its_own(cases: Cases) -> None:
    """Both operations exist, and the error answers are no types of what they return."""
    models = cases.models("pathitem_ref")
    value, _ = cases.call("pathitem_ref", lambda api: api.get_a(), {"n": "x"})
    assert type(value) is models.GetAAnswer
    value, _ = cases.call(
        "pathitem_ref", lambda api: api.post_a(models.PostABody(n="y")), {"n": "x"}
    )
    assert type(value) is models.PostAAnswer


def test_a_parameter_may_be_called_like_something_of_ours(cases: Cases) -> None:
    """The names that generated code needs itself can't be hidden by a parameter."""
    day = datetime.date(2024, 5, 31)
    _, sent = cases.call(
        "param_joined", lambda api: api.search(joined=day, tags=["a", "b"]), status=204
    )
    assert parse_qsl(urlsplit(sent.path).query) == [("joined", "2024-05-31"), ("tags", "a,b")]


def test_a_reference_may_lead_through_a_list(cases: Cases) -> None:
    """To a parameter of another operation, as bundlers write it."""
    value, sent = cases.call("ref_param_in_list", lambda api: api.get_b(limit=3), {"n": "x"})
    assert sent.path == "/base/b?limit=3"
    assert value.n == "x"


def test_parameters_are_written_in_the_style_of_the_document(cases: Cases) -> None:
    """Objects as fields, as one text, with brackets, or as JSON; lists by their separators."""
    filter_ = cases.models("parameters").Filter
    by = filter_(year=2024, since=datetime.date(2024, 5, 31))
    flagged = filter_(flags=["NO", "DK"])

    def query(**given: Any) -> list[tuple[str, str]]:
        _, sent = cases.call("parameters", lambda api: api.query(**given), status=204)
        return parse_qsl(urlsplit(sent.path).query)

    assert query(form=by) == [("year", "2024"), ("since", "2024-05-31")]
    assert query(form=flagged) == [("flags", "NO"), ("flags", "DK")]
    assert query(flat=by) == [("flat", "year,2024,since,2024-05-31")]
    assert query(deep=by) == [("deep[year]", "2024"), ("deep[since]", "2024-05-31")]
    assert query(json=by) == [("json", '{"year":2024,"since":"2024-05-31"}')]
    assert query(any_={"a": {"b": True}}) == [("any[a][b]", "true")]
    assert query(pipes=[1, 2], many=["a", "b"]) == [("pipes", "1|2"), ("many", "a"), ("many", "b")]


def test_paths_are_written_in_the_style_of_the_document(cases: Cases) -> None:
    """A matrix, a label, an object, and a rest that keeps its slashes; a path gets its slash."""
    by = cases.models("parameters").Filter(year=2024)

    def path(call: str, *given: Any) -> str:
        return cases.call("parameters", lambda api: getattr(api, call)(*given), {})[1].path

    assert path("matrix", 3, ["a b", "c"]) == "/base/matrix/;one=3/;two=a%20b;two=c"
    assert path("label", "x/y", by) == "/base/label/.x%2Fy/year,2024"
    assert path("file", "a/b c.pdf") == "/base/files/a/b%20c.pdf"
    assert path("unslashed", "a/b") == "/base/unslashed/a%2Fb"
    with pytest.raises(ValueError, match="dots"):
        path("file", "a/../b")


def test_norwegian_names_are_python_names_as_they_are(cases: Cases) -> None:
    """Operations, parameters, fields and members; the wire has what the document says."""
    models = cases.models("norwegian")
    record = {"fødselsnummer": "41814061033", "førsteÅr": 2024, "stilling": "FØRSTE_STYRMANN"}
    value, sent = cases.call(
        "norwegian", lambda api: api.hent_person_med_fødselsnummer("41814061033"), record
    )
    assert sent.path == "/base/personer/41814061033"
    assert (value.fødselsnummer, value.første_år) == ("41814061033", 2024)
    assert value.stilling is models.Stillingskode.FØRSTE_STYRMANN
    assert [each.name for each in models.Stillingskode] == [
        "FØRSTE_STYRMANN",
        "FØRSTE_STYRMANN_3",
        "SJØMANN",
        "ÅRSVERK",
    ]
    assert "| header parameter X-Årsak | the name of a header" in cases.left_out("norwegian")
    _, sent = cases.call("norwegian", lambda api: api.hent_sjøfart("7", år_fra=2024), record)
    assert sent.path == "/base/skip/7/sj%C3%B8fart?%C3%A5rFra=2024"
    made = models.SjøfartsTjeneste(fødselsnummer="41814061033", er_ærlig=True)
    _, sent = cases.call("norwegian", lambda api: api.lagre_sjøfart([made]), [record])
    assert sent.json == [{"fødselsnummer": "41814061033", "erÆrlig": True}]


def uploaded(cases: Cases, name: str, *records: Any, answer: Any = ()) -> tuple[Any, list[Any]]:
    """Upload records; return the report and what was sent, nothing if nothing was."""
    sent: list[Any] = []

    async def use(api: Any) -> Any:
        return await api.upload(list(records))

    def note(handler: Handler) -> None:
        sent.append(json.loads(handler.body()))
        handler.answer(200, json.dumps(list(answer)).encode(), Content_Type="application/json")

    with serving(note) as server:
        report = asyncio.run(cases.run(name, use, server.url))
    return report, [record for batch in sent for record in batch]


def test_fields_that_the_server_fills_in_are_not_asked_for(cases: Cases) -> None:
    """Neither by the check nor by the class; an answer has them."""
    models = cases.models("readonly")
    saved = {"id": "1", "created": "2024-05-31T12:00:00+02:00", "name": "Fram"}
    report, sent = uploaded(cases, "readonly", models.Ship(name="Fram"), {"name": "Gjøa"}, {})
    assert sent == [{"name": "Fram"}, {"name": "Gjøa"}]
    assert [(r.index, [x.field for x in r.reasons]) for r in report.rejections] == [(2, ["name"])]
    value, request = cases.call(
        "readonly", lambda api: api.create_ship(models.Ship(name="Fram", secret="s")), saved
    )
    assert request.json == {"name": "Fram", "secret": "s"}
    assert (value.id, value.to_dict()) == ("1", saved)


def test_a_batch_is_sent_under_its_own_content_type_to_its_own_server(cases: Cases) -> None:
    """So is the question whether it was saved: each operation has a type of its own."""
    seen: list[tuple[str, str, str, str]] = []
    kind = "application/vnd.fleet.v1+json"

    def reply(handler: Handler) -> None:
        headers = {key.lower(): value for key, value in handler.headers.items()}
        path = urlsplit(handler.path).path
        seen.append((handler.command, path, headers["content-type"], headers["accept"]))
        if handler.command == "POST":
            handler.body()
            handler.answer(504)
        else:
            handler.answer(200, b'[{"name": "Fram"}]', Content_Type=kind)

    async def use(api: Any) -> Any:
        return await api.upload([{"name": "Fram"}])

    with serving(reply) as server:
        report = asyncio.run(cases.run("uploads", use, server.url))
    assert seen[0] == ("POST", "/other/ships/batch", kind, kind)
    assert ("GET", "/base/ships", "application/json", kind) in seen
    assert report.accepted == 1


def test_schemas_with_letters_of_any_alphabet_are_checked(cases: Cases) -> None:
    """The validator takes ASCII references only: they are encoded."""
    good, bad = {"navn": "a", "fødsel": {"år": 1990}}, {"navn": "b", "fødsel": {"år": "x"}}
    report, sent = uploaded(cases, "batch_nonascii", good, bad)
    assert sent == [good]
    assert [r.index for r in report.rejections] == [1]


def test_what_follows_from_a_condition_is_checked(cases: Cases) -> None:
    """A reference under `then` leads to the schema that it means."""
    good, more, bad = {"navn": "y"}, {"navn": "x", "z": "1"}, {"navn": "x"}
    report, sent = uploaded(cases, "batch_ifthen", good, more, bad)
    assert sent == [good, more]
    assert [(r.index, [x.field for x in r.reasons]) for r in report.rejections] == [(2, ["z"])]


def test_forms_that_dotnet_takes_are_left_to_the_server(cases: Cases) -> None:
    """A time without an offset, a span of hours, an address with ø, a link without a host."""
    record = {
        "navn": "a",
        "start": "10:00:00",
        "span": "01:00:00",
        "mail": "ola@øl.no",
        "site": "/about",
    }
    report, sent = uploaded(cases, "batch_time", record)
    assert (sent, report.accepted) == ([record], 1)
    assert "| upload 'create' | format \"time\" at A/properties/start |" in (
        cases.left_out("batch_time")
    )


def test_rules_that_can_not_be_checked_are_left_to_the_server_one_by_one(cases: Cases) -> None:
    """Each is listed with its place; all others hold."""
    record = {"end": "x\n", "atom": "ab", "limit": "long text", "sub": "b", "not": "q", "any": 1}
    bad = {**record, "short": "long"}
    report, sent = uploaded(cases, "batch_rules", record, bad)
    assert sent == [record]
    assert [(r.index, [x.field for x in r.reasons]) for r in report.rejections] == [(1, ["short"])]
    left = cases.left_out("batch_rules")
    for rule in (r"pattern", "maxLength 10.5", r"\\Z", "(?>a)b", "-[aeiou]"):
        assert rule in left


def test_odd_names_are_told_apart_and_go_over_the_wire_as_they_are(cases: Cases) -> None:
    """Keywords, builtins, names of ours, marks and signs, and names that differ in nothing else."""
    schemas = yaml_of("names")["components"]["schemas"]
    record = {name: _sample(schema) for name, schema in schemas["Names"]["properties"].items()}
    value, sent = cases.call(
        "names", lambda api: api.post_a(cases.models("names").Names.from_dict(record)), record
    )
    assert sent.json == record
    assert value.to_dict() == record
    assert value.additional_properties == {}
    version = cases.models("names").NamesV1
    methods = {name for name, each in vars(version).items() if inspect.iscoroutinefunction(each)}
    assert len(methods) == len(yaml_of("names")["paths"])
    given = dict.fromkeys(("timeout_", "body_", "path", "operation", "unset", "any_"), "x")
    _, sent = cases.call("names", lambda api: api.timeout(**given), status=204)
    assert {name.lower() for name, _ in parse_qsl(urlsplit(sent.path).query)} == {
        "timeout",
        "body",
        "path",
        "operation",
        "unset",
        "any",
    }


def yaml_of(name: str) -> Any:
    """Return a document as it was written."""
    return parse((FOLDER / f"{name}.yaml").read_bytes())


def _sample(schema: dict[str, Any]) -> Any:
    """Return a value of a field of the names."""
    if "$ref" in schema or schema.get("type") == "object":
        return {"a": "x"} if schema != {"$ref": "#/components/schemas/Fødselsnummer"} else {"år": 1}
    if schema.get("type") == "array":
        return []
    if schema.get("type") == "boolean":
        return True
    formats = {
        "date-time": "2024-05-31T12:00:00+02:00",
        "date": "2024-05-31",
        "uuid": "00000000-0000-4000-8000-000000000000",
    }
    return formats.get(schema.get("format", ""), "x")


def test_values_that_differ_in_inner_capitals_are_two_members(cases: Cases) -> None:
    """The generator knows no names for them."""
    answer = cases.models("enum_camel").GetAAnswer
    assert [each.name for each in answer] == ["CASHOUT_FEE", "CASH_OUT_FEE"]
    value, _ = cases.call("enum_camel", lambda api: api.get_a(), "cashoutFee")
    assert value is answer.CASHOUT_FEE


def test_a_generic_type_has_a_name_in_words(cases: Cases) -> None:
    """Its brackets are percent-encoded where it is referred to."""
    models = cases.models("ref_percent")
    data = {"ships": {"data": [{"name": "a"}]}}
    value, _ = cases.call("ref_percent", lambda api: api.get_fleet(), data)
    assert (type(value.ships), type(value.ships.data[0])) == (models.PageOfShip, models.DtoOfShip)
    assert value.to_dict() == data


def test_unions_of_each_other_are_written_out_as_far_as_there_is_room(cases: Cases) -> None:
    """Nine of them would take gigabytes: from some level on they are any value, and listed."""
    value, sent = cases.call("recursive_unions", lambda api: api.p([["a", ["b"]]]), [[["c"]]])
    assert sent.json == [["a", ["b"]]]
    assert value == [[["c"]]]
    assert "| schema E0 | its type inside itself | it contains itself" in (
        cases.left_out("recursive_unions")
    )


def echoed(cases: Cases, call: str, data: Any, model: str = "") -> Any:
    """Send a model of some JSON, and return what is made of the same JSON as an answer."""
    given = getattr(cases.models("kinds"), model).from_dict(data) if model else data
    value, sent = cases.call("kinds", lambda api: getattr(api, call)(given), data)
    assert sent.json == data
    assert json.loads(json.dumps(value.to_dict() if model else value)) == data
    return value


def test_a_class_that_extends_another_is_read_by_the_discriminator_of_that(cases: Cases) -> None:
    """A reference to the base class means its subclasses too; an unknown one is the base."""
    models = cases.models("kinds")
    data = [
        {"kind": "cat", "claws": 4, "born": "2024-05-31"},
        {"kind": "Lion", "claws": 4, "mane": True},
        {"kind": "dog", "barks": True},
        {"kind": "eel", "claws": 0},
    ]
    animals, _ = cases.call("kinds", lambda api: api.animals(), data)
    kinds = [models.Cat, models.Lion, models.Dog, models.Animal]
    assert [type(each) for each in animals] == kinds
    assert [each.to_dict() for each in animals] == data
    assert animals[0].born == datetime.date(2024, 5, 31)
    value, sent = cases.call("kinds", lambda api: api.add_animal(animals[0]), data[2], 299)
    assert (sent.json, type(value)) == (data[0], models.Dog)
    owner = echoed(cases, "own", {"pet": data[2], "other": None}, "Owner")
    assert type(owner.pet) is models.Dog


def test_enums_and_constants_of_any_kind_keep_their_values(cases: Cases) -> None:
    """Null among them, whole numbers without a type, several types, a constant that is no text."""
    data: dict[str, Any] = {"a": None, "b": "red", "c": None, "d": 3, "e": 2, "f": True, "g": 1.5}
    value = echoed(cases, "enums", {**data, "h": ["p"], "i": None}, "Enums")
    models = cases.models("kinds")
    assert (value.b, value.d_) == (models.Colour.RED, 3)
    assert echoed(cases, "enums", {"a": "x", "b": None, "c": "y"}, "Enums").a.name == "X"
    echoed(
        cases,
        "consts",
        {"a": "ship", "b": 3, "c": True, "d": None, "e": {"x": 1}, "f": "only", "g": 1.5},
        "Consts",
    )


def test_tuples_maps_numbers_and_trees_are_read_and_sent_as_they_are(cases: Cases) -> None:
    """Dates inside of them are dates; what is not listed beside fields has its type too."""
    pair = echoed(cases, "tuples", {"pair": ["2024-05-31", 2], "open": ["a", 1, 2]}, "Tuple")
    assert pair.pair == [datetime.date(2024, 5, 31), 2]
    maps = {
        "dates": {"a": "2024-05-31"},
        "ships": {"b": {"upper": "x"}},
        "lists": {"c": [{"upper": "y"}]},
        "any": {"d": [1, {"e": None}]},
        "closed": {"a": "x"},
        "nullable": {"f": None, "g": "h"},
        "more": 7,
    }
    value = echoed(cases, "maps", maps, "Maps")
    assert value.dates["a"] == datetime.date(2024, 5, 31)
    assert type(value.lists["c"][0]).__name__ == "Ship"
    assert value["more"] == 7
    numbers = {"big": "9223372036854775807", "int64": 2**63 - 1, "byte": "AQI=", "either": "7"}
    echoed(cases, "numbers", {**numbers, "money": 12.10, "time": "10:00:00"}, "Numbers")
    leaf = {"name": "leaf"}
    tree = {"next": leaf, "children": [leaf, {"children": [leaf]}], "map": {"a": leaf}}
    assert type(echoed(cases, "tree", {**tree, "maybe": leaf}, "Node").maybe).__name__ == "Node"


def test_names_that_differ_in_case_or_length_are_classes_of_their_own(cases: Cases) -> None:
    """The one that is written like its class has that name."""
    models = cases.models("kinds")
    assert models.Ship(upper="x").to_dict() == {"upper": "x"}
    value, sent = cases.call("kinds", lambda api: api.case(models.Ship2(lower="a")), {"upper": "b"})
    assert (sent.json, value) == ({"lower": "a"}, models.Ship(upper="b"))
    long = [name for name in models.__all__ if re.fullmatch(r"LongName\w+On[AB]", name)]
    assert len(long) == 2


def test_fields_and_parameters_may_have_any_name(cases: Cases) -> None:
    """Keywords, names of ours, of Python's, of the generated code's own, and none at all."""
    schema = yaml_of("kinds")["components"]["schemas"]["Words"]["properties"]
    data = {
        name: {"all": "x"}
        if "$ref" in each
        else ["x"]
        if each.get("type") == "array"
        else {"date": "2024-05-31", "date-time": "2024-05-31T12:00:00+02:00"}.get(
            each.get("format", ""), 7 if "anyOf" in each else "x"
        )
        for name, each in schema.items()
    }
    texts = ("params", "headers_", "timeout_", "path", "parse", "operation", "import_", "none")
    more = {
        "datetime_": datetime.datetime(2024, 5, 31, tzinfo=datetime.UTC),
        "uuid": uuid.UUID(int=0),
    }
    headers = {"deadline_": "soon", "x_id": "1", "x_id_2": "2"}
    value, sent = cases.call(
        "kinds",
        lambda api: api.class_(self_="s", **dict.fromkeys(texts, "x"), cast="x", **more, **headers),
        data,
    )
    assert value.to_dict() == data
    assert value.additional_properties == {}
    path, _, query = sent.path.partition("?")
    assert path == "/base/words/s"
    assert [name for name, _ in parse_qsl(query)] == [
        *("params", "headers", "timeout", "path", "parse", "operation", "import", "None"),
        *("datetime", "UUID", "cast"),
    ]
    assert (sent.headers["deadline"], sent.headers["x-id"], sent.headers["x_id"]) == (
        "soon",
        "1",
        "2",
    )


def test_references_lead_through_other_references(cases: Cases) -> None:
    """Of paths, parameters, bodies, answers and schemas."""
    models = cases.models("kinds")
    ship = models.Ship(upper="x")
    value, sent = cases.call("kinds", lambda api: api.put_chain(2**40, ship), {"upper": "y"})
    assert (sent.path, sent.json) == (f"/base/changed/{2**40}", {"upper": "x"})
    assert value == models.Ship(upper="y")
    value, _ = cases.call("kinds", lambda api: api.chain(1), {"upper": "z"})
    assert value == models.Ship(upper="z")
    value, _ = cases.call("kinds", lambda api: api.dep(), {"inner": {"at": "2024-05-31"}})
    assert value.inner.at == datetime.date(2024, 5, 31)


def test_what_openapi_30_writes_otherwise_is_read_the_same(cases: Cases) -> None:
    """`nullable` of a reference, an enum, a list and its items, a map, a class inside itself."""
    models = cases.models("kinds30")
    nothing = dict.fromkeys(("level", "kind", "self", "when", "any", "object"))
    full = {
        "level": "high",
        "kind": "b",
        "other": "true",
        "odd": "mro",
        "number": -3,
        "map": {"x": "self"},
        "self": {"self": {"kind": "a"}},
        "matrix": [["2024-05-31"], []],
        "when": ["2024-05-31T12:00:00+02:00", None],
        "values": {"a": None, "b": "2024-05-31T12:00:00+02:00"},
        "object": {"a": 1},
        "model": "m",
        "copy": "c",
        "json": "j",
    }
    unknown = {"level": "middle", "kind": "z", "odd": "new", "number": 9, "map": {"x": "y"}}
    for data in (nothing, full, unknown):
        given = models.Thing.from_dict(data)
        value, sent = cases.call("kinds30", partial(_send_thing, given), data)
        assert sent.json == value.to_dict() == data
        assert value == given
    thing = models.Thing.from_dict(full)
    assert (thing.level, thing.number, thing.map_["x"]) == ("high", -3, "self")
    assert thing.other is models.StrEnumModel("true")
    assert thing.self_.self_.kind is models.ThingKind.A
    assert [len(models.StrEnumModel), len(models.IntEnumModel), len(models.Enum)] == [6, 3, 6]


async def _send_thing(given: Any, api: Any) -> Any:
    return await api.send_thing(given)


def test_parameters_of_any_type_are_written_as_text(cases: Cases) -> None:
    """A moment with its plus sign, null that is not sent, one or more, an enum, lists."""
    models = cases.models("kinds30")
    at = datetime.datetime.fromisoformat("2024-05-31T12:00:00+02:00")
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    given: dict[str, Any] = {"at": at, "flag": None, "one_or_more": ["a", "b"], "ids": ids}
    given |= {"level": models.Level.HIGH, "x_levels": [1, 2], "x_kind": models.IntEnumModel(2)}
    _, sent = cases.call("kinds30", lambda api: api.things(**given), {})
    assert parse_qsl(urlsplit(sent.path).query) == [
        ("at", "2024-05-31T12:00:00+02:00"),
        ("one_or_more", "a"),
        ("one_or_more", "b"),
        ("level", "high"),
        ("ids", f"{ids[0]} {ids[1]}"),
    ]
    assert (sent.headers["x-levels"], sent.headers["x-kind"]) == ("1,2", "2")


def test_headers_hold_lists_objects_and_json(cases: Cases) -> None:
    """Each item or field in one text, by `explode`; letters beyond ASCII are escaped in JSON."""
    models = cases.models("headers")
    day = datetime.date(2024, 5, 31)
    given: dict[str, Any] = {"x_numbers": [1, 2], "x_days": [day], "x_either": [1]}
    given |= {"x_object": models.Area(a=1, b="x"), "x_spread": models.Area(a=1, b="x")}
    given |= {"x_json": models.Area.from_dict({"a": 1, "b": "ø"}), "x_json_list": [1, 2]}
    given |= {"x_at": datetime.datetime(2024, 5, 31, tzinfo=datetime.UTC), "q_json": [1, 2]}
    _, sent = cases.call("headers", lambda api: api.find(**given), status=204)
    assert {name: sent.headers[name] for name in sent.headers if name.startswith("x-")} == {
        "x-numbers": "1,2",
        "x-days": "2024-05-31",
        "x-either": "1",
        "x-object": "a,1,b,x",
        "x-spread": "a=1,b=x",
        "x-json": r'{"a":1,"b":"\u00f8"}',
        "x-json-list": "[1,2]",
        "x-at": "2024-05-31T00:00:00+00:00",
    }
    assert parse_qsl(urlsplit(sent.path).query) == [("qJson", "[1,2]")]


@pytest.mark.parametrize(
    "line",
    [
        "| GET /found | query parameter qXml | its value is application/xml, not JSON |",
        "| GET /found | cookie parameter session | a parameter in cookie is not sent |",
    ],
)
def test_a_parameter_that_cannot_be_written_is_listed(cases: Cases, line: str) -> None:
    """Instead of being sent as something else than the document says."""
    assert line in cases.left_out("headers")


def test_names_that_fold_to_the_same_are_told_apart(cases: Cases) -> None:
    """In a path, in a query, in an object, among classes; in the dictionaries of records, too."""
    models = cases.models("headers")
    _, sent = cases.call("headers", lambda api: api.years("a", "b", år="c", år_2="d"), status=204)
    assert sent.path == "/base/years/a/b?%C3%85R=c&%C3%A5r=d"
    data = {"år": "a", "ÅR": "2024-05-31", "År": 7, "ß": "b", "ss": "c", "fi": "d", "ﬁ": "e"}
    data |= {"str": "f", "list": ["g"], "dict": {"x": 1}, "YearsDict": "h"}
    value, sent = cases.call(
        "headers", lambda api: api.add_years(models.Years.from_dict(data)), data
    )
    assert sent.json == value.to_dict() == data
    assert (value.år, value.år_2, value.år_3) == ("a", datetime.date(2024, 5, 31), 7)
    assert {"År", "ÅrModel"} < {*models.__all__}


@pytest.mark.parametrize("only", ["", "items", "present", "variants"])
def test_fields_may_be_called_like_what_the_class_needs_itself(cases: Cases, only: str) -> None:
    """The generated code has variables for fields; none of them hides a name of ours."""
    day = "2024-05-31"
    lists = {name: [day] for name in ("items", "error", "made", "written")}
    whole = {**lists, **dict.fromkeys(("present", "hide", "variants", "more"), day)}
    data = {"locals": {only: whole[only]} if only else whole}
    value, _ = cases.call("headers", lambda api: api.get_open(), data)
    assert value.to_dict() == data
    read = getattr(value.locals_, only or "items")
    assert read in (datetime.date(2024, 5, 31), [datetime.date(2024, 5, 31)])


@pytest.mark.parametrize("answer", [[], "", [["a", "b"]], 0, None, "text"])
def test_an_answer_that_is_no_object_is_not_read_as_one(cases: Cases, answer: Any) -> None:
    """It was not understood: a read fails, and of a create the outcome is unknown."""
    models = cases.models("headers")
    with pytest.raises(ConnectionFailed):
        cases.call("headers", lambda api: api.get_open(), answer)
    with pytest.raises(UnknownOutcome):
        cases.call("headers", lambda api: api.add_open(models.Open()), answer)


@pytest.mark.parametrize("answer", [{}, "", {"a": 1}])
def test_an_answer_that_is_no_list_is_not_read_as_one(cases: Cases, answer: Any) -> None:
    """Its keys or letters are not items, also inside an object."""
    with pytest.raises(ConnectionFailed):
        cases.call("headers", lambda api: api.list_open(), answer)
    with pytest.raises(ConnectionFailed):
        cases.call("headers", lambda api: api.get_open(), {"inner": answer})


def test_what_openapi_31_adds_to_schemas_is_read_and_sent(cases: Cases) -> None:
    """Definitions inside schemas, fields beside a reference, and fields that match a pattern."""
    data: dict[str, Any] = {"inner": [{"at": "2024-05-31"}], "beside": {"a": 1, "at": "2024-05-31"}}
    data |= {"patterns": {"x-a": "2024-05-31"}, "closed": {}}
    value, _ = cases.call("headers", lambda api: api.get_open(), data)
    assert value.to_dict() == data
    assert type(value.inner[0]).__name__ == "OpenInner"
    day = datetime.date(2024, 5, 31)
    assert (value.inner[0].at, value.beside.at, value.beside.a) == (day, day, 1)
    assert value.patterns["x-a"] == day


@pytest.mark.parametrize("data", [{"radius": 1.5}, {"side": 2}, [1.5, 2], {"side": 1, "radius": 2}])
def test_alternatives_without_a_name_have_classes_of_their_own(cases: Cases, data: Any) -> None:
    """Each is sent and read as the one that fits."""
    value, sent = cases.call("kinds30", lambda api: api.shape(data), data)
    assert sent.json == data
    assert (value.to_dict() if isinstance(data, dict) else value) == data


def test_the_check_knows_what_is_sent_of_a_record_with_parts(cases: Cases) -> None:
    """No field that the server fills in, an exclusive bound, an enum that may be null."""
    good = {"name": "a", "size": 1, "level": "low", "kind": None, "token": "t", "tags": ["low"]}
    bad = [{**good, "size": 0}, {**good, "kind": "c"}, {**good, "tags": ["x"]}, {"size": 1}]
    report, sent = uploaded(cases, "kinds30", good, *bad)
    assert sent == [good]
    fields = [sorted(str(reason.field) for reason in r.reasons) for r in report.rejections]
    assert fields == [["size"], ["kind"], ["tags"], ["level", "name"]]
    record = cases.models("kinds30").Record(
        name="a", size=1, level=cases.models("kinds30").Level.LOW
    )
    assert uploaded(cases, "kinds30", record)[1] == [{"name": "a", "size": 1, "level": "low"}]
    other = "| POST /things/batch | body as application/vnd.other+json | JSON is used |"
    assert other in cases.left_out("kinds30")


@pytest.mark.parametrize(
    "line",
    [
        "| POST /form | operation | its body is multipart/form-data, not JSON |",
        "| PUT /octets | operation | its body is application/octet-stream, not JSON |",
        "| GET /octets | operation | it answers application/octet-stream, not JSON |",
        "| GET /cookie | cookie parameter sid | a parameter in cookie is not sent |",
        "| moved | webhook | a call that the server makes, not the client |",
    ],
)
def test_what_is_not_possible_is_listed_in_a_sentence(cases: Cases, line: str) -> None:
    """Forms, files, cookies and calls of the server."""
    assert line in cases.left_out("kinds")


def test_the_types_of_all_of_it_hold(cases: Cases) -> None:
    """Strictly, so that a user's own check passes."""
    root = cases.tree.parent
    command = ["-m", "mypy", "--strict", "--follow-imports=silent", f"--cache-dir={root / 'mypy'}"]
    done = subprocess.run(
        [sys.executable, *command, str(cases.tree)], cwd=root, capture_output=True, text=True
    )
    assert "no issues found" in done.stdout, done.stdout
