r"""Finds person numbers in a text, in any spelling that people, spreadsheets or protocols use.

A text is searched twice: unchanged, and with its encoded characters decoded, such as `%20`,
`&nbsp;`, `\u00a0` and `=C2=A0`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ._lazy import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NUMBER: Final = 11
_LONGEST_GROUP: Final = 6

_GAP = r"(?:[^\w!-*,:-@\[\]^`{|}~]|_){1,3}"
"""White space, dots, dashes, slashes, and signs that are not in ASCII."""
_MOMENT = r"""(?:
    (?:19|20)\d\d-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])
    (?:[T\ ]\d\d[:.]\d\d(?:[:.]\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)
    | (?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.(?:19|20)\d\d(?!\d|[\s.-]{1,3}\d{5}(?!\d))
)"""
_IDENTIFIER = r"""\b(?:
    [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} | (?:00-)?[0-9a-f]{32}(?:-[0-9a-f]{16})?
    | (?=[0-9]*[a-f])[0-9a-f]{16}
)\b"""
_AMOUNT = r"\d{3}(?:[\s.']\d{3}){2},\d\d(?!\d) | \d{3}(?:[\s,']\d{3}){2}\.\d\d(?!\d)"
_PHONE = r"(?<![^\s(])\+\d\d(?:\ \d{2,3}){4}(?!\s?\d)"
_RUN = pattern(
    rf"""
    {_IDENTIFIER} | (?<!\d)(?:{_MOMENT}|{_AMOUNT}) | {_PHONE}
    | (?P<digits> (?<!\d)\d(?:{_GAP}(?!{_MOMENT}|{_IDENTIFIER})\d|\d){{10,}} )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MANY_DIGITS = pattern(r"\d(?:[\W_]{0,20}\d){9}")
_GROUP = pattern(r"\d+")
_WRITTEN: Final = frozenset([(11,), (6, 5), (6, 3, 2), (2, 2, 2, 5), (2, 2, 2, 3, 2), (2, 2, 4, 5)])
"""How people group a person number. Other groupings count if they begin with a date."""

_IN_COLUMNS = [(2, 2, 2, 5), (6, 3, 2), (2, 3, 3, 3), (3, 3, 3, 2)]
_LISTED = pattern(
    r"(?<!\d)(?:\d{6}(?:[^\w%&=\\*]{1,4}|\s{1,20}|\*)\d{5}|\d,\d{10}(?=e\+?10)|"
    + "|".join(r"[,;|'`]\s?".join(rf"\d{{{n}}}" for n in sizes) for sizes in _IN_COLUMNS)
    + r")(?!\d)",
    re.IGNORECASE,
)
"""Digits between other signs, such as `41,814,061,033`, count if they begin with a date."""

_PERSON = r"(?:person|birth|national|f(?:ø|o|oe)dsels|ident(?:ity|nr|number))"
_PERSONAL = pattern(rf"{_PERSON}|\bf\.?nr\b", re.IGNORECASE)
_EXPECTED = pattern(
    rf"""(?:{_PERSON}\w{{0,30}}(?:\s(?:number|id|nr|no)\b)?|\bf\.?nr)\.?["']?
    (?:\s*(?:=>|[:=])\s*|\s+)["']?
    (?P<number>\d(?:(?:{_GAP}|[,;'])?\d){{9,11}})(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)

_UNSEEN = r"\xad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\u20e3"
_OTHER = rf"""
    \\{{1,4}}u(?P<point>[0-9a-f]{{4}})
    | (?P<entity> &(?:\#\d{{1,7}}|\#x[0-9a-f]{{1,6}}|[a-z]{{2,8}}); )
    | (?P<white> \\{{1,4}}[nrt] | </?[a-z]{{1,6}}\ ?/?> )
    | \\x1b\[[\d;]{{0,9}}[a-z] | =(?:\\r)?\n | [{_UNSEEN}]+
"""


def _encoded(byte: str) -> re.Pattern[str]:
    """Return the pattern of a character: one byte or more, or a form that needs no bytes."""
    return pattern(
        rf"""{_OTHER}
        | (?P<bytes> {byte}(?:[0-7][0-9a-f] | [89a-f][0-9a-f](?:{byte}[89ab][0-9a-f]){{0,3}}) )""",
        re.IGNORECASE | re.VERBOSE,
    )


_ENCODED = _encoded(r"(?:%(?:25){0,3}|\\{1,4}x)")
_QUOTED_PRINTABLE = _encoded(r"(?:=(?=2[0def]|3\d=3|[89a-f][0-9a-f])|(?<==3\d)=(?=3))")
"""Matched separately: in `id=20` nothing is encoded."""


def is_personal(name: str) -> bool:
    """Say whether a field of this name can hold a person number."""
    return _PERSONAL.search(name) is not None


def persons_in(text: str) -> list[tuple[int, int, str]]:
    """Return begin, end and digits of each person number in a text, in order."""
    found: list[tuple[int, int, str]] = []
    for encoding in (None, _ENCODED, _QUOTED_PRINTABLE):
        if encoding is not None and not encoding.search(text):
            continue
        for find in (_expected, _written, _dated, _listed):
            seen, places = _decoded(text, encoding)
            if not _MANY_DIGITS.search(seen):
                break
            for first, last in find(seen):
                begin, end = places[first], places[last]
                found.append((begin, end, "".join(_GROUP.findall(seen[first:last]))))
                text = f"{text[:begin]}{'*' * (end - begin)}{text[end:]}"
    return sorted(found)


def _decoded(text: str, encoding: re.Pattern[str] | None) -> tuple[str, Sequence[int]]:
    """Return the text decoded, and where each of its characters stands in the encoded one."""
    parts, places, done = [], [], 0
    for found in encoding.finditer(text) if encoding else ():
        first, last = found.span()
        meant = _meant(found)
        parts += [text[done:first], meant]
        places += [*range(done, first), *[first] * len(meant)]
        done = last
    return "".join([*parts, text[done:]]), [*places, *range(done, len(text) + 1)]


def _meant(found: re.Match[str]) -> str:
    """Return the character that is encoded; nothing for one that is not seen."""
    if found["bytes"]:
        codes = re.split("[%=x]", found["bytes"].lower())[1:]
        meant = _text_of(bytes.fromhex("".join(code.rstrip("\\")[-2:] for code in codes)))
    elif found["point"]:
        meant = chr(int(found["point"], 16))
    elif found["entity"]:
        import html  # takes a millisecond, and most programs never need it

        meant = html.unescape(found["entity"])
    else:
        meant = " " if found["white"] else ""
    return "" if re.fullmatch(f"[{_UNSEEN}]", meant) else meant


def _text_of(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _expected(text: str) -> Iterator[tuple[int, int]]:
    """Yield numbers of ten to twelve digits after a word that names a person."""
    return (found.span("number") for found in _EXPECTED.finditer(text))


def _listed(text: str) -> Iterator[tuple[int, int]]:
    for found in _LISTED.finditer(text):
        if _is_dated(_GROUP.findall(found[0])):
            yield found.span()


def _written(text: str) -> Iterator[tuple[int, int]]:
    return _grouped(text, _is_written)


def _dated(text: str) -> Iterator[tuple[int, int]]:
    return _grouped(text, _is_dated_and_short)


def _grouped(text: str, fits: Callable[[list[str]], bool]) -> Iterator[tuple[int, int]]:
    """Yield adjacent groups of digits that together are a person number."""
    for run in _RUN.finditer(text):
        if run["digits"] is None:
            continue
        groups = list(_GROUP.finditer(text, *run.span()))
        digits, first = [group[0] for group in groups], 0
        while first < len(groups):
            last = _last_of(digits, first, fits)
            if last is not None:
                yield groups[first].start(), groups[last].end()
            first = (first if last is None else last) + 1


def _last_of(groups: list[str], first: int, fits: Callable[[list[str]], bool]) -> int | None:
    """Return the last of the groups from `first` on that together are a person number."""
    for last in range(first, min(first + _NUMBER, len(groups))):
        if fits(groups[first : last + 1]):
            return last
    return None


def _is_written(groups: list[str]) -> bool:
    return tuple(map(len, groups)) in _WRITTEN


def _is_dated_and_short(groups: list[str]) -> bool:
    sizes = [*map(len, groups)]
    return (max(sizes) <= _LONGEST_GROUP or sizes == [1, _NUMBER - 1]) and _is_dated(groups)


def _is_dated(groups: list[str]) -> bool:
    """Days are 40 more in a D-number; months are 40, 65 or 80 more in synthetic numbers."""
    number = "".join(groups)
    if len(number) != _NUMBER:
        return False
    day, month = int(number[:2]), int(number[2:4])
    return 1 <= day % 40 <= 31 and day < 72 and any(1 <= month - n <= 12 for n in (0, 40, 65, 80))
