"""Keeps person numbers, names, keys and tokens out of everything that is read later.

`mask` decides what a text may show. Errors, logs, the command, the report page and the `repr` of
records all use it, so that a spelling that one of them hides is hidden by the others too.
"""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


if TYPE_CHECKING:
    _later = re.compile
else:

    class _later:  # noqa: N801  it stands for a function
        """A pattern that is compiled on first use: a program that starts masks nothing yet."""

        def __init__(self, *given: Any) -> None:
            self._given = given

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(*self._given), name)
            setattr(self, name, found)
            return found


_NUMBER: Final = 11
_SMALLEST: Final = 10**9
_SHORTEST_KEY: Final = 8
_MOST_KEYS: Final = 64
_DEEPEST: Final = 100

_TELLING: Final = bytes({*range(32), *b"0123456789\x7f"} - {*b"\t\n"})
_WORDS: Final = ("eyJ", "earer", "ubscription-", "PRIVATE KEY")
_UNPRINTABLE = _later(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_TOKEN = _later(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)*                                  # a JWT
    | (?P<name> (?i:\bbearer (?:\s|%20|\+)+) ) [\w.~+/-]{12,}=*
    | (?P<header> (?i:subscription-key) (?: ['"]?\s*(?:[:=]|%3D)\s*b?['"]? | ['"],\s*b?['"]) )
      [^\s'",;&}]+
    """,
    re.VERBOSE | re.DOTALL,
)

_DIGIT = r"(?:\d|(?:%|\\x|\\u00)3\d|%EF%BC%9\d|\\uff1\d)"
_CODED = (
    r"(?:%(?!3\d|EF%BC%9|\d{11}(?!\d))[0-9a-f]{2}"
    r"|\\x(?!3\d)[0-9a-f]{2}|\\u(?!003\d|ff1\d)[0-9a-f]{4})"
)
_GAP = (
    r"(?:[\s._/+\-\u2010-\u2015\u2212\xb7\xad\u200b-\u200d\u2060\ufeff]{1,3}"
    rf"|&nbsp;|&\#\d+;|\\[nrt]|{_CODED}{{1,6}})"
)
_MOMENT = r"""(?:
    (?:19|20)\d\d-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])
    (?:[T\ ]\d\d[:.]\d\d(?:[:.]\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)
    | (?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.(?:19|20)\d\d(?!\d|[\s.-]{1,3}\d{5}(?!\d))
)"""
_IDENTIFIER = r"""\b(?:
    [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} | (?:00-)?[0-9a-f]{32}(?:-[0-9a-f]{16})?
    | (?=[0-9]*[a-f])[0-9a-f]{16}
)\b"""

_START = r"(?:(?<!\d)|(?<=%[0-9a-f]{2})|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
_DIGITS = _later(
    rf"""
    {_IDENTIFIER} | (?<!\d){_MOMENT}                # support needs ids and moments whole
    | (?!%{_DIGIT}(?:{_GAP}?{_DIGIT}){{10}}(?!\d)){_CODED}   # "%20", but not "100 %41814061033"
    | (?P<digits> {_START}{_DIGIT}(?:{_GAP}(?!{_MOMENT}|{_IDENTIFIER}){_DIGIT}|{_DIGIT}){{10,}} )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MANY_DIGITS = _later(rf"{_DIGIT}(?:{_GAP}?{_DIGIT}){{9}}", re.IGNORECASE)
_GROUP = _later(rf"{_GAP}|(?P<group>{_DIGIT}+)", re.IGNORECASE)
_ONE_DIGIT = _later(_DIGIT, re.IGNORECASE)
_WRITTEN: Final = frozenset([(11,), (6, 5), (6, 3, 2), (2, 2, 2, 5), (2, 2, 2, 3, 2), (2, 2, 4, 5)])
"""How people group a person number. Other groupings count where they begin with a date."""

_PERSON = r"(?:person|birth|national|f(?:ø|o|oe)dsels|ident(?:ity|nr|number))"
_PERSONAL_NAME = _later(rf"{_PERSON}|\bf\.?nr\b", re.IGNORECASE)
_SECRET_NAME = _later(r"[\w-]*subscription-key|(?:proxy-)?authorization", re.IGNORECASE)
_EXPECTED = _later(
    rf"""((?:{_PERSON}\w{{0,30}}(?:\s(?:number|id|nr|no)\b)?|\bf\.?nr)\.?["']?(?:\s*(?:=>|[:=]|%3D)\s*|\s+)["']?)
    ({_DIGIT}(?:{_GAP}?{_DIGIT}){{9,11}})(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)

_keys: list[str] = []


def keep_secret(key: str) -> None:
    """Hide this key, too, wherever a server repeats it. A short one is a word like others."""
    if len(key) >= _SHORTEST_KEY and key not in _keys:
        _keys.append(key)
        del _keys[:-_MOST_KEYS]


def mask(text: str, *, shown: int = 0) -> str:
    r"""Return a text that can be shown: without keys, tokens, person numbers, control characters.

    A person number is hidden however it is written: with spaces, dots, dashes or slashes, in
    groups, percent-encoded, in full-width digits. Ids of requests, moments, and the numbers of
    organizations and ships stay. A control character is written as its escape, so that no terminal
    obeys it.

    Args:
        text: Any text.
        shown: How many of the last digits of a person number to show.

    Example:
        >>> mask("418140 61033 is not known\x1b[2J")
        '*********** is not known\\x1b[2J'
        >>> mask("418140 61033", shown=2)
        '*********33'
    """
    if text.isascii() and len(text.encode().translate(None, _TELLING)) == len(text):
        if not any(word in text for word in _WORDS):
            return _without_keys(text)
        return _TOKEN.sub(_without_token, _without_keys(text))
    text = _TOKEN.sub(_without_token, _without_keys(printable(text)))
    if _MANY_DIGITS.search(text):
        text = _EXPECTED.sub(lambda found: found[1] + _stars(found[2], shown), text)
    for fits in (_is_written, _begins_with_a_date):
        if _MANY_DIGITS.search(text):
            text = _DIGITS.sub(partial(_hidden, fits=fits, shown=shown), text)
    return text


def printable(text: str) -> str:
    r"""Return a text whose control characters are written as escapes; lines and tabs stay.

    Example:
        >>> printable("\x1b[2J")
        '\\x1b[2J'
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def _without_keys(text: str) -> str:
    for key in _keys:
        text = text.replace(key, "***")
    return text


def _without_token(found: re.Match[str]) -> str:
    return f"{found['name'] or found['header'] or ''}***"


def _hidden(found: re.Match[str], fits: Callable[[list[str]], bool], shown: int) -> str:
    """Return digits that stand close together, the person numbers among them hidden."""
    if found["digits"] is None:
        return found[0]
    groups = [one for one in _GROUP.finditer(found[0]) if one["group"]]
    digits = [_plain(one[0]) for one in groups]
    parts, done, first = [], 0, 0
    while first < len(groups):
        last = _last_of(digits, first, fits)
        if last is None:
            first += 1
            continue
        number = "".join(digits[first : last + 1])
        parts += [found[0][done : groups[first].start()], _stars(number, shown)]
        done, first = groups[last].end(), last + 1
    return "".join([*parts, found[0][done:]])


def _last_of(groups: list[str], first: int, fits: Callable[[list[str]], bool]) -> int | None:
    """Return the last of the groups from `first` on that are a person number together."""
    for last in range(first, min(first + _NUMBER, len(groups))):
        if fits(groups[first : last + 1]):
            return last
    return None


def _is_written(groups: list[str]) -> bool:
    return tuple(map(len, groups)) in _WRITTEN


def _begins_with_a_date(groups: list[str]) -> bool:
    """Days are 40 more in a D-number; months are 40, 65 or 80 more in synthetic numbers."""
    number = "".join(groups)
    scientific = list(map(len, groups)) == [1, _NUMBER - 1]
    if len(number) != _NUMBER or (max(map(len, groups)) > 6 and not scientific):
        return False
    day, month = int(number[:2]), int(number[2:4])
    return 1 <= day % 40 <= 31 and day < 72 and any(1 <= month - n <= 12 for n in (0, 40, 65, 80))


def _plain(digits: str) -> str:
    """Return digits without their encoding: the last character of each is the digit."""
    return "".join(one[-1] for one in _ONE_DIGIT.findall(digits))


def _stars(number: str, shown: int) -> str:
    return "*" * (_NUMBER - shown) + (_plain(number)[-shown:] if shown else "")


def mask_json(value: Any, *, shown: int = 0) -> Any:
    """Return a JSON value that can be shown: `mask` for its texts, its numbers and its keys.

    Below a key that names a person, a number of ten to twelve digits is hidden as well: it is a
    person number that lost its leading zero, or has a typing error. Below the name of a header with
    a key or a token all is hidden: a page for developers repeats the request.

    Example:
        >>> mask_json({"personId": 1010112345, "code": 7})
        {'personId': '***********', 'code': 7}
    """
    return _masked_json(value, shown, "", _DEEPEST)


def _masked_json(value: Any, shown: int, about: str, deepest: int) -> Any:
    if not deepest:
        return "…"
    if isinstance(value, dict):
        return {
            mask(name, shown=shown): "***"
            if _SECRET_NAME.fullmatch(name)
            else _masked_json(one, shown, about or _about(name), deepest - 1)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked_json(one, shown, about, deepest - 1) for one in value]
    if value is None or (isinstance(value, int) and abs(value) < _SMALLEST):
        return value
    text = str(value)
    masked = mask(f"{about}{text}", shown=shown)[len(about) :]
    return value if masked == text else masked


def _about(name: str) -> str:
    return "person=" if _PERSONAL_NAME.search(name) else ""


def without_values(message: str, field: str = "", sent: Any = None) -> str:
    """Return what a server says of a record without what it quotes: the field and the rule stay.

    A quotation can be the name of a person. It stays where it names the field, and after a word
    such as `format` or `type`, where it is part of the rule.

    Args:
        message: The server's words.
        field: The field that they are about, in any spelling.
        sent: The record that was sent. Its texts are cut out wherever they stand.

    Example:
        >>> without_values("The value 'Kari' is not valid for LastName.", "person.lastName")
        "The value '…' is not valid for LastName."
    """
    for text in sorted(_texts(sent), key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "…", message)
    message = _VALUE_LIST.sub(r"\1…", message)
    parts = {_bare(part) for part in field.split(".")} | {_bare(field)}
    return mask(_QUOTED.sub(lambda found: _unquoted(found, parts), message))


_QUOTED = _later(
    r"""(?P<rule>\b(?:format|pattern|type|field|property|parameter|member|column|table|constraint
    |object|index|header|schema|database|of|enum|path)\s+)?
    (?: (?<!\w)'(?P<single>[^'\n]*(?:(?<=\w)'(?=\w)[^'\n]*)*)'(?!\w)
      | "(?P<double>[^"\n]*)" | [“„](?P<curly>[^”“\n]*)[”“] | «(?P<angled>[^»\n]*)»
      | `(?P<ticked>[^`\n]*)` | (?P<json>\{[^{}]*:[^{}]*\}) )""",
    re.VERBOSE | re.IGNORECASE,
)
_VALUE_LIST = _later(r"(\bvalues?(?: (?:is|are)\s+(?=\()|:\s*))(?:\(.*\)|.+)", re.IGNORECASE)


def _unquoted(found: re.Match[str], parts: set[str]) -> str:
    kind = str(found.lastgroup)
    if found["rule"] or (kind != "json" and _bare(found[kind]) in parts - {""}):
        return found[0]
    return "{…}" if kind == "json" else found[0][0] + "…" + found[0][-1]


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a record that are long enough to be told from words of a sentence."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and len(value) > 2:
        yield value


_LOGGERS: Final = (
    *("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2"),
    *("httpx2", "httpcore2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2"),
    *("httpcore.proxy", "httpcore.socks", "hpack", "hpack.hpack", "hpack.table"),
    *("aiohttp.client", "aiohttp.internal", "aiohttp.access", "aiohttp.server", "aiohttp.web"),
    *("aiohttp.websocket", "asyncio", "sdir_async"),
)
"""A filter is not inherited, so each logger that writes a line is named."""


class _Mask(logging.Filter):
    """Libraries log URLs, headers, arguments and errors, and any of them can name a person."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (masked := mask(message)) != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = mask(_formatter.formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = mask(record.stack_info)
        return True


_formatter: Final = logging.Formatter()
_filter: Final = _Mask()


def mask_logs() -> None:
    """Mask what this library and those below it log, at any level; a second call does nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)
