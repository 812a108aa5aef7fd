"""Fetching documents: the old one stays unless a whole new one has arrived."""

from __future__ import annotations

import codecs
import json
import tomllib
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING

import download
import fetch
import pytest

from sdir_async.generation.failures import GenerationFailed

from .server import Handler, LocalServer, serving
from .toys import document, fleet, operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Checkout

NEW = json.dumps(fleet()).encode()
KEY = "not-a-real-key"


def listing(checkout: Checkout, url: str, more: str = "") -> None:
    text = f'["fleet/v1"]\nurl = "{url}/fleet.json"\n{more}'
    (checkout.place.documents / "sources.toml").write_text(text)


def good(handler: Handler) -> None:
    handler.answer(200, NEW)


def run(
    checkout: Checkout, reply: Callable[[Handler], None] = good, **more: bool
) -> tuple[int, LocalServer]:
    with serving(reply) as server:
        listing(checkout, server.url)
        return fetch.run(checkout.place, seconds=60, **more), server


def test_a_new_document_is_written_byte_for_byte_and_remembered(checkout: Checkout) -> None:
    """The file has the bytes that were sent, and `make generate` keeps its source in the lock."""
    code, server = run(checkout)
    path = checkout.place.documents / "fleet" / "v1.json"
    assert code == 0
    assert path.read_bytes() == NEW
    entry = tomllib.loads(checkout.place.lock.read_text())["documents"]["fleet/v1.json"]
    assert entry["source"] == f"{server.url}/fleet.json"
    assert checkout.generate() == 0
    assert tomllib.loads(checkout.place.lock.read_text())["documents"]["fleet/v1.json"] == entry


def test_the_same_document_is_left_alone(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fetching the same document again succeeds and reports it as unchanged."""
    run(checkout)
    assert run(checkout)[0] == 0
    assert "fleet/v1: unchanged" in capsys.readouterr().out


def test_a_changed_document_is_written_with_a_summary_of_what_differs(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fetching a changed document succeeds and lists the removed and the renamed operation."""
    run(checkout)
    less = json.dumps(document({"/ships": {"get": operation("findShips")}})).encode()
    assert run(checkout, lambda handler: handler.answer(200, less))[0] == 0
    said = capsys.readouterr().out
    assert "operation removed: create_ships" in said
    assert "method list_ships is called find_ships" in said


def test_yaml_is_kept_as_yaml(checkout: Checkout) -> None:
    """A YAML answer is saved byte for byte under a `.yaml` name, whatever the URL ends with."""
    text = b"openapi: 3.0.1\ninfo: {title: t, version: '1'}\npaths: {}\n"
    run(checkout, lambda handler: handler.answer(200, text))
    assert (checkout.place.documents / "fleet" / "v1.yaml").read_bytes() == text


def test_a_byte_order_mark_is_kept_and_hides_nothing(checkout: Checkout) -> None:
    """Servers of .NET like to put one before their JSON."""
    text = codecs.BOM_UTF8 + NEW
    run(checkout, lambda handler: handler.answer(200, text))
    assert (checkout.place.documents / "fleet" / "v1.json").read_bytes() == text
    assert checkout.generate() == 0


def _slow(handler: Handler) -> None:
    handler.local.closing.wait()


def _trickling(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.local.closing.wait(0.05):
        handler.wfile.write(b" ")


def _cut(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(NEW)))
    handler.end_headers()
    handler.wfile.write(NEW[: len(NEW) // 2])


def _cut_unnoticed(handler: Handler) -> None:
    handler.answer(200, NEW[: len(NEW) // 2])


def _cut_yaml(handler: Handler) -> None:
    """Half a YAML document parses: what is missing is what it refers to."""
    answer = "{$ref: '#/components/responses/R'}"
    paths = f"{{/a: {{get: {{responses: {{'200': {answer}}}}}}}}}"
    handler.answer(200, f"openapi: 3.0.1\npaths: {paths}\n".encode())


def _lost_schema(handler: Handler) -> None:
    content = "{application/json: {schema: {$ref: '#/components/schemas/S'}}}"
    paths = f"{{/a: {{get: {{responses: {{'200': {{content: {content}}}}}}}}}}}"
    handler.answer(200, f"openapi: 3.0.1\npaths: {paths}\n".encode())


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (_slow, "it took too long to answer"),
        (_trickling, "it took too long to arrive"),
        (_cut, "the connection failed"),
        (_cut_unnoticed, "not a whole OpenAPI document: line 1"),
        (_cut_yaml, "#/components/responses/R is missing"),
        (_lost_schema, "#/components/schemas/S is missing"),
        (lambda h: h.answer(200, b"<!DOCTYPE html><html>"), "a web page, not an OpenAPI document"),
        (lambda h: h.answer(200, codecs.BOM_UTF8 + b"<html>"), "a web page, not an OpenAPI"),
        (lambda h: h.answer(200, b'{"swagger": "2.0"}'), "convert or export it as OpenAPI 3"),
        (lambda h: h.answer(200, b""), "not a whole OpenAPI document"),
        (lambda h: h.answer(401), "status 401: it needs a key"),
        (lambda h: h.answer(410), "status 410"),
        (lambda h: h.answer(302, Location="/round"), "redirects more than 5 times"),
    ],
)
def test_a_failed_download_leaves_the_old_file_and_says_why(
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    reply: Callable[[Handler], None],
    words: str,
) -> None:
    """A failed download gives the reason, keeps document and lock, and leaves no partial file."""
    run(checkout)
    quick = SimpleNamespace(monotonic=count(0, 10).__next__)  # ten seconds a look
    monkeypatch.setattr(download, "time", quick)
    before = checkout.place.lock.read_bytes()
    with serving(reply) as server:
        listing(checkout, server.url)
        assert fetch.run(checkout.place, seconds=0.3 if reply is _slow else 60) == 1
    assert (checkout.place.documents / "fleet" / "v1.json").read_bytes() == NEW
    assert checkout.place.lock.read_bytes() == before
    assert not list(checkout.place.documents.rglob("*.part"))
    said = capsys.readouterr().err
    assert "fleet/v1: kept as it was" in said
    assert words in said


def test_what_is_not_published_is_no_failure(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """An API without operations has no document: its address answers 404."""
    assert run(checkout, lambda handler: handler.answer(404))[0] == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("fleet/v1: not published (404)\n", "")


def test_nobody_listening_is_a_failed_download(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused connection returns 1 and is reported as a failed connection."""
    listing(checkout, "http://127.0.0.1:1")
    assert fetch.run(checkout.place, seconds=60) == 1
    assert "the connection failed" in capsys.readouterr().err


def test_one_failure_does_not_stop_the_others(checkout: Checkout) -> None:
    """If one document answers 500, the next one is still saved, and the run returns 1."""

    def reply(handler: Handler) -> None:
        second = NEW.replace(b"/fleet/v1", b"/fleet/v2")
        handler.answer(500 if handler.path == "/gone.json" else 200, second)

    with serving(reply) as server:
        listing(checkout, server.url, f'["fleet/v2"]\nurl = "{server.url}/v2.json"\n')
        text = (checkout.place.documents / "sources.toml").read_text()
        (checkout.place.documents / "sources.toml").write_text(
            text.replace("fleet.json", "gone.json")
        )
        assert fetch.run(checkout.place, seconds=60) == 1
    assert [path.name for path in (checkout.place.documents / "fleet").iterdir()] == ["v2.json"]


def test_a_redirect_is_followed_and_the_key_stays_with_its_host(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A redirect to another host is followed without the key, which is not printed or stored."""
    monkeypatch.setenv("GATEWAY_KEY", KEY)

    def away(handler: Handler) -> None:
        if handler.path == "/fleet.json":
            handler.answer(307, Location="/moved")
        else:
            handler.answer(302, Location=f"{other.url}/there")

    with serving(good) as other, serving(away) as first:
        listing(checkout, first.url, 'key_from = "GATEWAY_KEY"\n')
        assert fetch.run(checkout.place, seconds=60) == 0
    sent = [headers.get("Ocp-Apim-Subscription-Key") for _, headers in first.asked + other.asked]
    assert sent == [KEY, KEY, None]
    assert KEY not in "".join(capsys.readouterr())
    assert KEY not in checkout.place.lock.read_text()


def test_a_key_that_is_not_set_is_asked_for_by_name(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the variable of the key is not set, the error names it and no request is sent."""
    monkeypatch.delenv("GATEWAY_KEY", raising=False)
    with serving(good) as server:
        listing(checkout, server.url, 'key_from = "GATEWAY_KEY"\n')
        assert fetch.run(checkout.place, seconds=60) == 1
    assert server.asked == []
    assert "GATEWAY_KEY is not set" in capsys.readouterr().err


@pytest.mark.parametrize("fetched_before", [True, False])
def test_what_was_written_by_hand_is_only_replaced_if_you_say_so(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], *, fetched_before: bool
) -> None:
    """A document written or edited by hand is kept, with status 1, unless `replace` is given."""
    if fetched_before:
        run(checkout)
    name = "v1.json" if fetched_before else "v1.yaml"
    path = checkout.add(f"fleet/{name}", json.dumps(document()))
    assert run(checkout)[0] == 1
    assert "was written or edited by hand and is kept" in capsys.readouterr().err
    assert path.read_text() == json.dumps(document())
    assert run(checkout, replace=True)[0] == 0
    assert [each.name for each in path.parent.iterdir()] == ["v1.json"]
    assert (path.parent / "v1.json").read_bytes() == NEW


def test_a_correction_that_finds_nothing_keeps_the_old_document(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make generate` would stop at it: the correction goes first, and then the new one comes."""
    run(checkout)
    _correct(checkout, {"target": "$.paths['/ships'].get", "remove": True})
    status, _ = run(checkout, lambda handler: handler.answer(200, json.dumps(document()).encode()))
    assert status == 1
    assert (checkout.place.documents / "fleet" / "v1.json").read_bytes() == NEW
    assert "fleet/v1.overlay.json: /actions/0/target" in capsys.readouterr().err


def test_a_document_that_our_corrections_mend_is_taken(checkout: Checkout) -> None:
    """It is tried as it will be generated: with the overlay beside it."""
    run(checkout)
    broken = fleet()
    broken["servers"] = [{"url": "https://api.sdir.no/x", "x-sdir-environment": "test"}]
    content = json.dumps(broken).encode()
    assert run(checkout, lambda handler: handler.answer(200, content))[0] == 1
    _correct(checkout, {"target": "$.servers", "remove": True})
    assert run(checkout, lambda handler: handler.answer(200, content))[0] == 0
    assert (checkout.place.documents / "fleet" / "v1.json").read_bytes() == content
    assert checkout.generate() == 0


def _correct(checkout: Checkout, action: dict[str, object]) -> None:
    actions = [{"description": "why", **action}]
    checkout.add("fleet/v1.overlay.json", {"overlay": "1.0.0", "actions": actions})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", r"sources\.toml: "),
        ('["fleet"]\nurl = "http://a"', "a table is named like its document"),
        ('["fleet/v1"]\nurl = "ftp://a"', "fleet/v1: url is missing"),
        ('["fleet/v1"]\nurl = "http://a"\nkey = "x"', "fleet/v1: unknown: key"),
    ],
)
def test_a_mistake_in_the_list_is_a_clear_one(checkout: Checkout, text: str, words: str) -> None:
    """A mistake in `sources.toml` raises an error that says what is wrong."""
    path = checkout.place.documents / "sources.toml"
    path.write_text(text)
    with pytest.raises(GenerationFailed, match=words):
        fetch.read_addresses(path)


def test_our_own_list_is_in_order() -> None:
    """The project's own `sources.toml` is valid and lists `course/v1` and `seagoing/v1`."""
    from .conftest import ROOT

    addresses = fetch.read_addresses(ROOT / "openapi" / "sources.toml")
    assert {address.name for address in addresses} >= {"course/v1", "seagoing/v1"}
