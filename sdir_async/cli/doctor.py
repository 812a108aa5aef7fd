"""`sdir doctor`: checks the key, the host, the versions and the clock."""

from __future__ import annotations

import asyncio
import datetime
import sys
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from attrs import asdict, frozen
from rich.console import Console
from rich.text import Text

from ..base import url_of
from ..privacy import mask, mask_json
from ..verdicts import is_token
from ..wire import BEARER_HEADER, KEY_HEADER, Answer
from .apis import every_version
from .maskinporten import State, try_tokens
from .screen import json_line
from .settings import NO_KEY, find_key
from .trouble import Exit, Trouble
from .words import in_plain_words, recast, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..description import Description
    from .settings import Target

_PATIENCE = 30.0
_CLOCK = 60.0
_MARKS = {"good": ("✓", "green"), "odd": ("!", "yellow"), "bad": ("✗", "red")}


@frozen
class Finding:
    """What was checked, the result, and what to do about a problem."""

    what: str
    state: State
    said: str
    advice: str = ""


@frozen
class Answered:
    """How a version answered a request that only reads; `status` is 0 if it did not answer."""

    version: str
    url: str
    status: int
    said: str = ""
    skew: float | None = None
    ends: str = ""
    of_token: bool = False


def examine(target: Target, *, as_json: bool) -> Exit:
    """Check everything, print the results, and return the exit code.

    Raises:
        Trouble: `--base-url` is not a URL.
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
            Text(f"{mark} ", style).append(mask(f"{say(finding.what)}: {finding.said}"), "default")
        )
        if finding.advice:
            console.print(Text(f"  {mask(finding.advice)}", "dim"))
    return Exit.REJECTED if any(one.state == "bad" for one in findings) else Exit.DONE


async def _examine(target: Target) -> list[Finding]:
    key, findings = _key(target)
    tried = await try_tokens(target.environment, every_version())
    answers = await _ask_all(target, key, tried.tokens)
    return [
        *findings,
        *(Finding(*each) for each in tried.findings),
        *judge_host(answers),
        *judge_key(answers, there_is_one=bool(key)),
        *judge_token(answers, is_set=tried.is_set, there_is_one=bool(tried.tokens)),
        *judge_versions(answers),
        *judge_clock(answers),
    ]


def _key(target: Target) -> tuple[str, list[Finding]]:
    try:
        found = find_key(target)
    except Trouble as error:
        return "", [Finding("key", "bad", str(error))]
    if found is None:
        advice = f"{say(NO_KEY)} {say('Sdir issues keys on request.')}"
        return "", [
            Finding(
                "key",
                "bad",
                say("no key found for {environment}", environment=target.environment),
                advice,
            )
        ]
    return found[0].primary, [Finding("key", "good", say("found in {found}", found=found[1]))]


async def _ask_all(
    target: Target, key: str, tokens: Mapping[tuple[str, ...], str]
) -> list[Answered]:
    headers = {KEY_HEADER: key} if key else {}
    async with httpx.AsyncClient(headers=headers, timeout=_PATIENCE) as http:
        asked = [_ask(http, version, target, tokens) for version in every_version()]
        return [one for one in await asyncio.gather(*asked) if one is not None]


async def _ask(
    http: httpx.AsyncClient,
    version: Description,
    target: Target,
    tokens: Mapping[tuple[str, ...], str],
) -> Answered | None:
    """Send a version a request that only reads and needs no arguments."""
    calls = [
        each for each in version.operations.values() if each.method == "GET" and not each.required
    ]
    server = version.servers.get(target.environment)
    if not calls or server is None:
        return None
    listings = {batch.listing.operation for batch in version.batches.values() if batch.listing}
    operation = next((one for one in calls if one not in listings), calls[0])
    url = url_of(_moved(server, target.base_url), operation, {})
    try:
        token = tokens.get(operation.scopes) or next(iter(tokens.values()), None)
        beside = {} if token is None else {BEARER_HEADER: f"Bearer {token}"}
        answer = await http.get(url, headers=beside)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Answered(version.name, url, 0, in_plain_words(said))
    return Answered(
        version.name,
        url,
        answer.status_code,
        recast(_message(answer)),
        _skew(answer),
        answer.headers.get("Sunset", ""),
        of_token=is_token(Answer(answer.status_code, answer.headers, answer.content)),
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
    """Return whether the host answers."""
    if not answers:
        advice = say("Use another --environment, or give --base-url.")
        return [
            Finding("host", "bad", say("no document has a server for this environment"), advice)
        ]
    silent = [one for one in answers if not one.status]
    host = urlsplit(answers[0].url).netloc.rpartition("@")[2]
    if len(silent) < len(answers):
        return [Finding("host", "good", say("{host} answers", host=host))]
    advice = say("Check the network, the proxy (HTTPS_PROXY) and the firewall.")
    return [
        Finding(
            "host",
            "bad",
            say("{host} does not answer: {said}", host=host, said=silent[0].said),
            advice,
        )
    ]


def judge_key(answers: Sequence[Answered], *, there_is_one: bool) -> list[Finding]:
    """Return whether the key is accepted."""
    statuses = {one.status for one in answers if one.status}
    if not there_is_one or not statuses:
        return []
    if statuses == {401} and not any(one.of_token for one in answers):
        advice = say(
            "Check that the key is for this environment and was not replaced. A new key can take "
            "a few minutes to work everywhere."
        )
        return [Finding("key", "bad", say("rejected"), advice)]
    return [Finding("key", "good", say("accepted"))]


def judge_token(answers: Sequence[Answered], *, is_set: bool, there_is_one: bool) -> list[Finding]:
    """Return whether Sdir accepts the token. Without one, return whether Sdir requires one."""
    if is_set and not there_is_one:
        return []
    refused = [one for one in answers if one.status == 401 and one.of_token]
    if not refused:
        answered = any(0 < one.status < 300 for one in answers)
        return (
            [Finding("token", "good", say("Sdir accepts it"))] if there_is_one and answered else []
        )
    if there_is_one:
        advice = say(
            "Check that the token and the host are for the same environment; else ask Sdir."
        )
        return [
            Finding("token", "bad", say("Sdir refuses it: {said}", said=refused[0].said), advice)
        ]
    advice = say(
        "Set SDIR_MASKINPORTEN_CLIENT_ID and SDIR_MASKINPORTEN_KEY_FILE, or write sdir.toml."
    )
    return [Finding("token", "bad", say("Sdir also requires a token, and none is set up"), advice)]


def judge_versions(answers: Sequence[Answered]) -> list[Finding]:
    """Return how each version answers. A key that all of them reject has its own finding."""
    if {one.status for one in answers if one.status} == {401}:
        return []
    return [_judge_version(one) for one in answers if one.status]


def _judge_version(answered: Answered) -> Finding:
    status, said = answered.status, f": {answered.said}" if answered.said else ""
    if status < 300:
        if answered.ends:
            advice = say("Move to a newer version before then.")
            return Finding(
                answered.version,
                "odd",
                say("answers, but ends on {ends}", ends=answered.ends),
                advice,
            )
        return Finding(answered.version, "good", say("answers"))
    advice = {
        401: say("The key is not valid for this API. Ask Sdir for a subscription to it."),
        403: say("The key has no permission for this, or its quota is used up."),
        404: say("This version does not exist (any more). Use another --version."),
        429: say("Too many requests. Wait, and use a lower --concurrency."),
    }.get(status, say("In the test environment the database may be asleep. Try again in a minute."))
    return Finding(
        answered.version, "bad", say("answers {status}{said}", status=status, said=said), advice
    )


def judge_clock(answers: Sequence[Answered]) -> list[Finding]:
    """Return whether this computer's clock agrees with the server's."""
    skews = [one.skew for one in answers if one.skew is not None]
    if not skews:
        return []
    skew = min(skews, key=abs)
    if abs(skew) <= _CLOCK:
        return [Finding("clock", "good", say("within a minute of the server's"))]
    seconds = abs(skew)
    said = (
        say("{seconds:,.0f} seconds ahead of the server's", seconds=seconds)
        if skew > 0
        else say("{seconds:,.0f} seconds behind the server's", seconds=seconds)
    )
    advice = say("Set the clock, or synchronise it with a time server. Retry times depend on it.")
    return [Finding("clock", "odd", said, advice)]
