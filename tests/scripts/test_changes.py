"""What changed for users, and whether it breaks anything."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import changes
import pytest
from comparison.differ import compare, shape
from comparison.report import text_of

from sdir_async.generation.failures import GenerationFailed
from sdir_async.generation.prepare import prepare

from ..programs import skip_without
from .conftest import ROOT
from .toys import SHIP, Json, content, document, fleet, operation, query, ref

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Checkout


def difference(before: Json, after: Json) -> list[tuple[str, str, bool]]:
    return [tuple(each) for each in compare(prepare(before)[0], prepare(after)[0])]  # type: ignore[misc]


def of_ship(change: Callable[[Json], Any], *, use: str = "both") -> list[tuple[str, bool]]:
    """Return what a change of the schema of a ship means where it is sent, got, or both."""
    body = ref("Ship") if use != "got" else None
    answer = ref("Ship") if use != "sent" else None
    before = document({"/a": {"post": operation("a", body=body, answer=answer)}}, {"Ship": SHIP})
    after = copy.deepcopy(before)
    change(after["components"]["schemas"]["Ship"])
    return [(what, breaking) for _, what, breaking in difference(before, after)]


def of_operation(change: Callable[[Json], Any]) -> list[tuple[str, bool]]:
    parameters = [query("kind"), query("size", {"type": "integer", "maximum": 50})]
    before = document(
        {"/a": {"post": operation("a", body=ref("Ship"), parameters=parameters)}}, {"Ship": SHIP}
    )
    after = copy.deepcopy(before)
    change(after["paths"]["/a"]["post"])
    return [
        (what, breaking) for where, what, breaking in difference(before, after) if "POST" in where
    ]


def test_equal_documents_don_t_differ() -> None:
    """Two equal documents have no differences, and the report says so in one sentence."""
    assert difference(fleet(), fleet()) == []
    assert text_of([]) == "No difference for a caller."


def test_hosts_of_the_project_are_no_mistake(checkout: Checkout) -> None:
    """Each side is read with the settings beside it."""
    doc = document(servers=[{"url": "https://gate.example/a", "x-sdir-environment": "test"}])
    checkout.add("boats/v1.json", doc)
    checkout.add("hosts.toml", 'test = "https://gate.example"')
    checkout.with_core()
    assert checkout.generate() == 0
    report = changes.since(checkout.root, checkout.root)
    assert report == {"boats/v1, the document": [], "Python": []}


def test_a_status_with_the_answer_of_another_is_a_change() -> None:
    """The same answers, but each is read with another status."""
    text, number = content({"type": "string"}), content({"type": "integer"})
    answers = {"200": text, "201": number, "202": text}
    before = document({"/a": {"post": {"operationId": "a", "responses": answers}}})
    answers = {"200": text, "201": text, "202": number}
    after = document({"/a": {"post": {"operationId": "a", "responses": answers}}})
    assert difference(before, after) == [
        ("POST /a", "answer 201: integer became string", True),
        ("POST /a", "answer 202: string became integer", True),
    ]


def test_words_don_t_matter() -> None:
    """A new summary of an operation is not a difference."""
    other = fleet()
    other["paths"]["/ships"]["get"]["summary"] = "All ships"
    assert difference(fleet(), other) == []


def test_a_changed_server_comes_first_and_breaks() -> None:
    """The key goes where the server is."""
    other = fleet()
    other["servers"] = [{"url": "http://127.0.0.1:8999/x", "x-sdir-environment": "production"}]
    del other["paths"]["/ships"]
    (first, second, *_) = difference(fleet(), other)
    server = "server: https://api.sdir.no became http://127.0.0.1:8999"
    assert first == ("production", server, True)
    assert second[1] == "operation removed: list_ships"
    text = text_of(compare(prepare(fleet())[0], prepare(other)[0]))
    assert text.splitlines()[2] == f"- `production`: {server}"


def test_an_operation_that_goes_breaks_and_one_that_comes_does_not() -> None:
    """A removed operation is a breaking change; an added one is listed as not breaking."""
    one, two = operation("one"), operation("two")
    before, after = document({"/a": {"get": one}}), document({"/a": {"put": two}})
    assert difference(before, after) == [
        ("GET /a", "operation removed: one", True),
        ("PUT /a", "operation added: two", False),
    ]


def test_another_name_for_a_place_in_the_path_is_no_other_operation() -> None:
    """Renaming a path parameter, `{id}` to `{uid}`, is not a difference."""
    before = document({"/a/{id}": {"get": operation("a")}})
    assert difference(before, document({"/a/{uid}": {"get": operation("a")}})) == []


def _as_list(given: Json) -> None:
    given["requestBody"] = operation(body={"type": "array", "items": ref("Ship")})["requestBody"]


def _parameter(number: int, **changed: Any) -> Callable[[Json], None]:
    return lambda given: given["parameters"][number].update(changed)


def _size(largest: int) -> Callable[[Json], None]:
    return _parameter(1, schema={"type": "integer", "maximum": largest})


@pytest.mark.parametrize(
    ("change", "what", "breaking"),
    [
        (lambda o: o.update(operationId="b"), "method a is called b", True),
        (lambda o: o["parameters"].append(query("x")), "query parameter x added", False),
        (
            lambda o: o["parameters"].append(query("x", required=True)),
            "query parameter x added, required",
            True,
        ),
        (lambda o: o["parameters"].pop(), "query parameter size removed", True),
        (_parameter(0, required=True), "query parameter kind is required now", True),
        (
            _parameter(0, schema={"type": "integer"}),
            "query parameter kind: string became integer",
            True,
        ),
        (_size(9), "query parameter size: maximum 50 became 9", True),
        (_size(99), "query parameter size: maximum 50 became 99", False),
        (lambda o: o.pop("requestBody"), "body: Ship became nothing", True),
        (_as_list, "body: Ship became list of Ship", True),
        (lambda o: o.update(operation(answer=ref("Ship"))), "answer: nothing became Ship", True),
    ],
)
def test_what_a_change_of_an_operation_breaks(
    change: Callable[[Json], Any], what: str, *, breaking: bool
) -> None:
    """A changed name, parameter, body or answer gives one line, marked as breaking or not."""
    assert of_operation(change) == [(what, breaking)]


def _field(name: str, **changed: Any) -> Callable[[Json], None]:
    return lambda schema: schema["properties"].setdefault(name, {}).update(changed)


def _needed_field(schema: Json) -> None:
    _field("flag", type="string")(schema)
    schema["required"].append("flag")


@pytest.mark.parametrize(
    ("change", "what", "sent", "got"),
    [
        (lambda s: s["properties"].pop("built"), "field built removed", True, True),
        (_field("flag", type="string"), "field flag added: string", False, False),
        (_needed_field, "field flag added: string, required", True, False),
        (lambda s: s["required"].append("built"), "field built is required now", True, False),
        (lambda s: s["required"].clear(), "field name is optional now", False, True),
        (
            _field("built", format="uuid"),
            "field built: string (date) became string (uuid)",
            True,
            True,
        ),
        (_field("name", maxLength=9), "field name: maxLength 20 became 9", True, False),
        (_field("name", maxLength=None), "field name: maxLength 20 became none", False, False),
        (_field("name", pattern="^a"), "field name: pattern none became ^a", True, False),
    ],
)
def test_what_a_change_of_a_field_breaks_depends_on_who_sends_it(
    change: Callable[[Json], Any], what: str, *, sent: bool, got: bool
) -> None:
    """Required now breaks those who send it, optional now those who read it."""
    assert of_ship(change, use="sent") == [(what, sent)]
    assert of_ship(change, use="got") == [(what, got)]


def test_values_of_an_enum_that_go_break_and_those_that_come_are_told() -> None:
    """In an answer, a removed and an added value of an enum are both breaking changes."""

    def flags(*values: str) -> Json:
        ship = {"type": "object", "properties": {"flag": {"type": "string", "enum": list(values)}}}
        return document({"/a": {"get": operation("a", answer=ref("Ship"))}}, {"Ship": ship})

    assert difference(flags("NO", "SE"), flags("NO", "DK")) == [
        ("ShipFlag", "values: no longer SE", True),
        ("ShipFlag", "values: also DK, which code that matches on them does not know", True),
    ]


def of_field(was: Json, now: Json, *, use: str = "sent") -> list[tuple[str, bool]]:
    """Return what is said about a field of a ship that has another schema now."""
    docs = []
    for schema in (was, now):
        ship = {"type": "object", "properties": {"x": schema}}
        given = operation(
            "a",
            body=ref("Ship") if use == "sent" else None,
            answer=ref("Ship") if use == "got" else None,
        )
        cat = {"type": "object", "properties": {"kind": {"type": "string"}}}
        schemas = {"Ship": ship, "Cat": cat, "Dog": cat}
        docs.append(document({"/a": {"post": given}}, schemas))
    return [(what, breaking) for _, what, breaking in difference(*docs)]


def or_null(**schema: Any) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (
            or_null(type="string", maxLength=9),
            or_null(type="string", maxLength=5),
            [("field x: maxLength 9 became 5", True)],
        ),
        (
            or_null(type="array", items={}, maxItems=5),
            or_null(type="array", items={}, maxItems=9),
            [("field x: maxItems 5 became 9", False)],
        ),
        (
            or_null(type="string", pattern="a"),
            {"type": "string", "pattern": "a"},
            [("field x: string or null became string", True)],
        ),
        (
            {"type": "string", "const": "a"},
            {"type": "string", "const": "b"},
            [("field x: no longer a", True), ("field x: also b", False)],
        ),
        (
            {"type": "integer"},
            {"type": "integer", "not": {"const": 5}},
            [("field x: the rule not is new", True)],
        ),
        (
            {"type": "array", "items": {}, "contains": {"minimum": 1}},
            {"type": "array", "items": {}, "contains": {"minimum": 2}},
            [("field x: the rule contains changed", True)],
        ),
        (
            {"type": "array", "items": {}, "contains": {"minimum": 1}},
            {"type": "array", "items": {}},
            [("field x: the rule contains is gone", False)],
        ),
    ],
)
def test_rules_inside_alternatives_count_too(was: Json, now: Json, said: Any) -> None:
    """Exports of OpenAPI 3.1 write a field that may be null as alternatives."""
    assert of_field(was, now) == said


def test_a_value_of_a_discriminator_that_means_another_class_breaks() -> None:
    """It is read as another class; a value that is gone breaks too, and a new one does not."""

    def animal(**mapping: str) -> Json:
        told = {"propertyName": "kind", "mapping": {k: f"#/{v}" for k, v in mapping.items()}}
        return {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": told}

    cat, dog = "components/schemas/Cat", "components/schemas/Dog"
    before = animal(c=cat, d=dog)
    assert of_field(before, animal(c=dog, d=cat), use="got") == [
        ("field x: kind c meant Cat, now Dog", True),
        ("field x: kind d meant Dog, now Cat", True),
    ]
    assert of_field(before, animal(cc=cat, d=dog), use="got") == [
        ("field x: kind c meant Cat, now nothing", True)
    ]
    assert of_field(before, animal(c=cat, d=dog, e=dog), use="got") == []
    assert of_field(before, {"oneOf": before["oneOf"]}, use="got") == [
        ("field x: has no discriminator now", True)
    ]


def test_fields_that_are_required_together_count() -> None:
    """An alternative that only names fields makes no class, and still refuses records."""
    one, both = [{"required": ["name"]}, {"required": ["built"]}], [{"required": ["name", "built"]}]
    assert of_ship(lambda ship: ship.update(anyOf=one)) == [
        ("values: needs nothing became name or built", True)
    ]
    assert ("values: needs nothing became name and built", True) in of_ship(
        lambda ship: ship.update(anyOf=both)
    )


def test_an_object_that_is_a_parameter_is_sent() -> None:
    """What its fields require breaks those who send it."""
    kind: Json = {"type": "object", "properties": {"a": {"type": "string"}}}
    before = document(
        {"/a": {"get": operation("a", parameters=[query("k", ref("K"))])}}, {"K": kind}
    )
    after = copy.deepcopy(before)
    after["components"]["schemas"]["K"]["required"] = ["a"]
    assert difference(before, after) == [("K", "field a is required now", True)]


def test_a_token_of_more_scopes_breaks() -> None:
    """A token without them is refused; fewer scopes break nothing."""
    scheme = {"type": "oauth2", "flows": {}}

    def needing(*scopes: str) -> Json:
        given = document({"/a": {"get": operation("a", security=[{"o": [*scopes]}])}})
        given["components"]["securitySchemes"] = {"o": scheme}
        return given

    assert difference(needing("read"), needing("read", "write")) == [
        ("GET /a", "scopes: read became read write", True)
    ]
    assert difference(needing("read"), needing()) == [("GET /a", "scopes: read became none", False)]


def test_another_effect_breaks() -> None:
    """It decides what is sent again, and which error a lost answer is."""
    said = of_operation(lambda node: node.update({"x-sdir-effect": "read"}))
    assert ("a request counts as: create became read", True) in said


def test_a_batch_that_is_none_any_more_breaks_uploads() -> None:
    """If the body of a batch is no longer a list, the report has a breaking line about `upload`."""
    before = fleet()
    after = fleet()
    after["paths"]["/ships/batch"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ] = ref("Ship")
    assert ("POST /ships/batch", "upload: create became no batch", True) in difference(
        before, after
    )


def test_the_shape_of_a_value_is_said_in_a_few_words() -> None:
    """A schema is described by its types, formats and class names, and `{}` as any value."""
    given = {
        "type": ["array", "null"],
        "items": {"anyOf": [ref("Ship"), {"type": "string", "format": "uuid"}]},
    }
    assert shape(given) == "list of Ship or string (uuid) or null"
    assert shape({}) == "any value"


def test_two_versions_of_an_api_are_compared_by_document_and_by_python(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A removed field is reported for the schema and for the class, and the report returns 1."""
    checkout.add("fleet/v1.json", fleet())
    other = fleet()
    other["components"]["schemas"]["Ship"]["properties"].pop("built")
    checkout.add("fleet/v2.json", other)
    checkout.generate()
    (checkout.root / "sdir_async" / "__init__.py").write_text("")
    code = changes.print_report(changes.between(checkout.root, "fleet/v1", "fleet/v2"))
    said = capsys.readouterr().out
    assert code == 1
    assert "- `Ship`: field built removed" in said
    assert "- `api.fleet.v1.Ship.built`: public object was removed" in said


def test_a_version_that_does_not_exist_is_named_with_those_that_do(checkout: Checkout) -> None:
    """Comparing with an unknown version raises an error that lists the versions there are."""
    checkout.add("fleet/v1.json", fleet())
    with pytest.raises(GenerationFailed, match=r"fleet/v2 does not exist; use one of fleet/v1"):
        changes.between(checkout.root, "fleet/v1", "fleet/v2")


def test_a_document_that_was_not_generated_yet_is_named(checkout: Checkout) -> None:
    """Comparing a version that has no code yet raises an error that says to run `make generate`."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    checkout.with_core()
    checkout.add("fleet/v2.json", fleet())
    with pytest.raises(GenerationFailed, match="fleet/v2 has no generated code yet"):
        changes.between(checkout.root, "fleet/v1", "fleet/v2")


@pytest.fixture
def repository(checkout: Checkout) -> Checkout:
    """A checkout with one commit."""
    skip_without(shutil.which("git"), "git is not installed")
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    (checkout.root / "sdir_async" / "__init__.py").write_text(
        '__all__ = ["inner"]\n\ndef inner(a): ...\n'
    )
    who = ["-c", "user.name=Kari Nordmann", "-c", "user.email=kari@example.com"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(checkout.root), *command], check=True)
    return checkout


def since_commit(checkout: Checkout, base: str = "HEAD") -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "scripts" / "changes.py")
    command = [sys.executable, script, "--root", str(checkout.root), "--base", base]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_nothing_changed_since_a_commit(repository: Checkout) -> None:
    """Without changes since the commit, the script says so and the exit code is 0."""
    done = since_commit(repository)
    assert (done.returncode, done.stdout) == (0, "Nothing changed for users.\n")


def test_what_changed_since_a_commit_and_whether_it_breaks(repository: Checkout) -> None:
    """Added and removed versions and a changed signature are listed, and the exit code is 1."""
    (repository.place.documents / "fleet/v1.json").rename(
        repository.place.documents / "fleet/v2.json"
    )
    repository.generate()
    (repository.root / "sdir_async" / "__init__.py").write_text(
        '__all__ = ["inner"]\n\ndef inner(b): ...\n'
    )
    done = since_commit(repository)
    assert done.returncode == 1
    assert "- `fleet/v1`: version removed" in done.stdout
    assert "- `fleet/v2`: version added" in done.stdout
    assert "- `inner`\n  - parameter was removed\n" in done.stdout


def test_an_error_of_ours_is_no_answer(
    repository: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python ends with 1 of itself, which would say that something breaks."""

    def fail(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(changes, "check_out", fail)
    arguments = ["changes.py", "--root", str(repository.root), "--base", "HEAD"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert changes.main() == 2


def test_a_commit_that_does_not_exist_is_no_answer(repository: Checkout) -> None:
    """With an unknown commit, the exit code is 2 and stderr names the commit."""
    done = since_commit(repository, "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_the_guide_from_v1_to_v2_shows_the_report_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`make changes FROM=additional_competence/v1 TO=additional_competence/v2` is in the docs."""
    report = changes.between(ROOT, "additional_competence/v1", "additional_competence/v2")
    assert changes.print_report(report) == 1
    guide: Path = ROOT / "docs" / "migration-v1-v2.md"
    assert capsys.readouterr().out.strip().replace("## ", "### ") in guide.read_text(
        encoding="utf-8"
    )
