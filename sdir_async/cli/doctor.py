"""`sdir doctor`: is there a key, does the host answer, is the key good, is the clock right."""

from __future__ import annotations

import asyncio
import datetime
import sys
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import httpx
from attrs import asdict, frozen
from rich.console import Console
from rich.text import Text

from ..base import url_of
from ..privacy import mask, mask_json
from ..wire import KEY_HEADER
from .apis import every_version
from .screen import json_line
from .settings import NO_KEY, find_key
from .trouble import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..description import Description
    from .settings import Target

State = Literal["good", "odd", "bad"]
_PATIENCE = 30.0
_CLOCK = 60.0
_MARKS = {"good": ("✓", "green"), "odd": ("!", "yellow"), "bad": ("✗", "red")}


@frozen
class Finding:
    """What was looked at, how it is, and what to do if it is not well."""

    what: str
    state: State
    said: str
    advice: str = ""


@frozen
class Answered:
    """How a version answered a harmless question; `status` is 0 when it did not."""

    version: str
    url: str
    status: int
    said: str = ""
    skew: float | None = None
    ends: str = ""


def examine(target: Target, *, as_json: bool) -> Exit:
    """Look at everything, say how it is, and return the exit code.

    Raises:
        Trouble: The address is none.
    """
    if target.base_url is not None and not urlsplit(target.base_url).netloc:
        raise Trouble("--base-url needs a scheme and a host, such as https://host:8400.")
    findings = asyncio.run(_examine(target))
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        if as_json:
            sys.stdout.write(json_line(mask_json(asdict(finding))))
            continue
        mark, style = _MARKS[finding.state]
        console.print(
            Text(f"{mark} ", style).append(mask(f"{finding.what}: {finding.said}"), "default")
        )
        if finding.advice:
            console.print(Text(f"  {mask(finding.advice)}", "dim"))
    return Exit.REJECTED if any(one.state == "bad" for one in findings) else Exit.DONE


async def _examine(target: Target) -> list[Finding]:
    key, findings = _key(target)
    answers = await _ask_all(target, key)
    return [
        *findings,
        *judge_host(answers),
        *judge_key(answers, there_is_one=bool(key)),
        *judge_versions(answers),
        *judge_clock(answers),
    ]


def _key(target: Target) -> tuple[str, list[Finding]]:
    try:
        found = find_key(target)
    except Trouble as error:
        return "", [Finding("key", "bad", str(error))]
    if found is None:
        advice = f"{NO_KEY} Sdir hands out keys on request."
        return "", [Finding("key", "bad", f"there is none for {target.environment}", advice)]
    return found[0].primary, [Finding("key", "good", f"found in {found[1]}")]


async def _ask_all(target: Target, key: str) -> list[Answered]:
    headers = {KEY_HEADER: key} if key else {}
    async with httpx.AsyncClient(headers=headers, timeout=_PATIENCE) as http:
        asked = [_ask(http, version, target) for version in every_version()]
        return [one for one in await asyncio.gather(*asked) if one is not None]


async def _ask(http: httpx.AsyncClient, version: Description, target: Target) -> Answered | None:
    """Ask a version something that changes nothing, and needs nothing."""
    calls = [
        each for each in version.operations.values() if each.effect == "read" and not each.required
    ]
    server = version.servers.get(target.environment)
    if not calls or server is None:
        return None
    listings = {batch.listing.operation for batch in version.batches.values() if batch.listing}
    operation = next((one for one in calls if one not in listings), calls[0])
    url = url_of(_moved(server, target.base_url), operation, {})
    try:
        answer = await http.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Answered(version.name, url, 0, said)
    return Answered(
        version.name,
        url,
        answer.status_code,
        _message(answer),
        _skew(answer),
        answer.headers.get("Sunset", ""),
    )


def _moved(server: str, base_url: str | None) -> str:
    if base_url is None:
        return server
    return base_url.rstrip("/") + urlsplit(server).path


def _message(answer: httpx.Response) -> str:
    try:
        body: Any = answer.json()
    except ValueError:
        return ""
    said = body.get("message") or body.get("detail") or "" if isinstance(body, dict) else ""
    return str(said)


def _skew(answer: httpx.Response) -> float | None:
    """Return how many seconds our clock is ahead of the server's."""
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=datetime.UTC)
    return time.time() - theirs.timestamp()


def judge_host(answers: Sequence[Answered]) -> list[Finding]:
    """Say whether the host answers."""
    if not answers:
        advice = "Name another environment, or give --base-url."
        return [Finding("host", "bad", "no document names a server for this environment", advice)]
    silent = [one for one in answers if not one.status]
    host = urlsplit(answers[0].url).netloc.rpartition("@")[2]
    if len(silent) < len(answers):
        return [Finding("host", "good", f"{host} answers")]
    advice = "Check the network, the proxy (HTTPS_PROXY) and the firewall."
    return [Finding("host", "bad", f"{host} does not answer: {silent[0].said}", advice)]


def judge_key(answers: Sequence[Answered], *, there_is_one: bool) -> list[Finding]:
    """Say whether the key is good."""
    statuses = {one.status for one in answers if one.status}
    if not there_is_one or not statuses:
        return []
    if statuses == {401}:
        advice = (
            "Check that the key is for this environment, and that it was not replaced; a new one"
            " takes some minutes to work everywhere."
        )
        return [Finding("key", "bad", "it is refused", advice)]
    return [Finding("key", "good", "it is let in")]


def judge_versions(answers: Sequence[Answered]) -> list[Finding]:
    """Say for each version how it answers; if none lets the key in, that was said already."""
    if {one.status for one in answers if one.status} == {401}:
        return []
    return [_judge_version(one) for one in answers if one.status]


def _judge_version(answered: Answered) -> Finding:
    status, said = answered.status, f": {answered.said}" if answered.said else ""
    if status < 300:
        if answered.ends:
            advice = "Move to a newer version before then."
            return Finding(answered.version, "odd", f"answers, and ends {answered.ends}", advice)
        return Finding(answered.version, "good", "answers")
    advice = {
        401: "The key is not for this API: ask Sdir for a subscription of it.",
        403: "The key may not do this, or its quota is used up.",
        404: "This version is not there, or no longer: use another with --version.",
        429: "Too many calls: wait, and lower --concurrency.",
    }.get(status, "In the test environment the database may sleep: try again in a minute.")
    return Finding(answered.version, "bad", f"answers {status}{said}", advice)


def judge_clock(answers: Sequence[Answered]) -> list[Finding]:
    """Say whether our clock is right, as far as the server's is."""
    skews = [one.skew for one in answers if one.skew is not None]
    if not skews:
        return []
    skew = min(skews, key=abs)
    if abs(skew) <= _CLOCK:
        return [Finding("clock", "good", "right to the minute")]
    ahead = "ahead" if skew > 0 else "behind"
    advice = "Set it, or have it set by a time server: waiting times are counted with it."
    return [Finding("clock", "odd", f"{abs(skew):,.0f} seconds {ahead} of the server's", advice)]
