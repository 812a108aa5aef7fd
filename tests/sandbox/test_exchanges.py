"""What is kept of requests, within bounds; and what the charts make of them."""

from __future__ import annotations

import pytest

from sdir_async.sandbox.exchanges import Body, Exchanges
from sdir_async.sandbox.seen import SeenRequest
from sdir_async.sandbox.traffic import HEIGHT, WIDTH, draw

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/a",
    "query_string": b"b=c",
    "headers": [(b"x-a", b"\xe6")],
}


def test_a_request_and_its_answer_are_kept_as_they_came() -> None:
    """Bodies in pieces; what is no body is passed over."""
    exchanges = Exchanges()
    exchange = exchanges.begin(SCOPE)
    for message in ({"type": "http.request", "body": b"ab"}, {"type": "http.disconnect"}):
        exchange.receive(message)
    exchange.send({"type": "http.response.start", "status": 200, "headers": [(b"b", b"c")]})
    exchange.send({"type": "http.response.body", "body": b"x"})
    exchange.send({"type": "http.response.body"})
    exchanges.end(exchange)
    assert exchanges.get(1) is exchange
    assert (exchange.path, exchange.headers) == ("/a?b=c", [("x-a", "æ")])
    assert (exchange.body.content, exchange.answer.content) == (b"ab", b"x")
    assert exchange.answer_headers == [("b", "c")]


def test_the_oldest_are_forgotten_and_numbers_go_on() -> None:
    """A thousand are kept, and not more than some megabytes of bodies."""
    exchanges = Exchanges()
    for _ in range(1200):
        exchanges.end(exchanges.begin(SCOPE))
    assert [each.number for each in exchanges] == list(range(1200, 200, -1))
    for _ in range(1000):
        exchange = exchanges.begin(SCOPE)
        exchange.receive({"type": "http.request", "body": bytes(100_000)})
        exchanges.end(exchange)
    assert sum(len(each.body.content) for each in exchanges) <= 32_000_000
    exchanges.clear()
    assert list(exchanges) == []
    assert exchanges.begin(SCOPE).number == exchanges.count == 2201


def test_of_a_long_body_the_beginning_is_kept() -> None:
    """And how long it was."""
    body = Body()
    for _ in range(3):
        body.take(bytes(50_000))
    assert (body.size, len(body.content), body.is_whole) == (150_000, 65_536, False)


def _seen(at: float, status: int = 200, seconds: float = 0.001) -> SeenRequest:
    return SeenRequest("GET", "/", status, at=at, seconds=seconds)


def test_the_charts_show_the_last_minutes() -> None:
    """Counts, failures and answer times; what is older is left out."""
    newest_first = [_seen(999), _seen(998, 500, 2.0), _seen(900), _seen(100)]
    found = draw(newest_first, 1000.0)
    assert found is not None
    assert (found["count"], found["failed"]) == (3, 1)
    assert (found["half"], found["most"]) == ("1.0 ms", "2.0 s")
    assert all(bar["x"] >= 0 and bar["x"] + bar["width"] <= WIDTH for bar in found["bars"])
    assert all(0 <= dot["y"] <= HEIGHT for dot in found["dots"])
    assert found["lines"] == {"half": [], "most": []}


@pytest.mark.parametrize("requests", [[], [_seen(100)]])
def test_there_is_no_chart_of_nothing(requests: list[SeenRequest]) -> None:
    """Nor of what is long gone."""
    assert draw(requests, 1000.0) is None


def test_a_line_breaks_off_where_nothing_came() -> None:
    """It joins the intervals that follow one another."""
    newest_first = [_seen(at) for at in (999, 994, 989, 950, 945)]
    found = draw(newest_first, 1000.0)
    assert found is not None
    assert [len(part.split()) for part in found["lines"]["half"]] == [2, 3]
