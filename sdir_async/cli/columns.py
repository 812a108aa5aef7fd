"""Which column of a table fills which field of a record."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from .inputs.tabular import tidy
from .trouble import Trouble
from .words import in_each_language, language, listed, say, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .fields import Field, Fields
    from .inputs.tabular import Judge

OURS = "sdir:"
"""Headings that begin so are our own, in a file of rejected rows, and are not sent."""
EXAMPLE: Final = unsaid("example")
"""In a template, a value below this heading of ours marks a row as an example."""
LINE: Final = unsaid("line")
"""Below this heading of ours is the line of the input from which a rejected row came."""

_NEAR = 3
_ASIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[*:]")
"""What a heading has besides its name: units, forms, a star if it is required."""


@frozen
class Column:
    """A column that fills a field; `at` is its place in a row."""

    at: int
    heading: str
    field: Field


@frozen
class Matching:
    """What became of all columns.

    Attributes:
        columns: Those that fill a field.
        left_out: The headings of those that don't.
        problems: What must be corrected first, one sentence each.
    """

    columns: tuple[Column, ...]
    left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def ours(word: str) -> str:
    """Return a heading of ours, in the language that is spoken."""
    return f"{OURS} {say(word)}"


def ours_in_each_language(word: str) -> tuple[str, ...]:
    """Return a heading of ours in all languages: the file may have been written in another one."""
    return tuple(f"{OURS} {one}" for one in in_each_language(word))


def line_heading(headings: Iterable[str]) -> str | None:
    """Return the heading below which rejected rows have their lines, if there is one."""
    return next((one for one in headings if one in ours_in_each_language(LINE)), None)


def bare(name: str) -> str:
    """Return a form that all spellings of a name share: `person.firstName`, `PERSON_FIRST_NAME`."""
    return "".join(filter(str.isalnum, tidy(name))).casefold()


def key(heading: str) -> str:
    """Return a form that all spellings of a heading share."""
    return bare(heading) or heading.strip().casefold()


def is_ours(heading: str) -> bool:
    """Say whether a heading is one that a file of rejected rows adds."""
    return heading.strip().casefold().startswith(OURS)


def match_columns(
    headings: Sequence[str],
    fields: Fields,
    mapping: Mapping[str, str] | None = None,
    *,
    skip_unknown: bool = False,
) -> Matching:
    """Find a field for each column: by `mapping`, by its name, or by the last part of its name."""
    asked = _asked_for(mapping or {}, headings)
    columns: list[Column] = []
    left_out: list[str] = []
    problems = _twice(unsaid("Two columns have the heading {name!r}."), map(tidy, headings))
    unknown: list[str] = []
    for at, heading in enumerate(map(tidy, headings)):
        if not heading or is_ours(heading) or asked.get(heading) == "":
            left_out += [heading] if heading and not is_ours(heading) else []
            continue
        found = find_field(asked.get(heading, heading), fields)
        if len(found) == 1:
            columns.append(Column(at, heading, found[0]))
        elif skip_unknown and not found:
            left_out.append(heading)
        else:
            unknown.append(heading)
            problems.append(_unknown(heading, asked.get(heading, heading), found, fields))
    if unknown and _are_values(headings):
        said = say(
            "The headings look like values. Put a heading above each column, as in the file that"
            " `sdir template` writes; or set the row of the headings with --header-row."
        )
        return Matching((), (), (said,))
    if unknown:
        problems.append(advice_on(unknown[0], any_known=bool(columns)))
    filled = [column.field.name for column in columns]
    problems += [] if problems else _twice(unsaid("Two columns fill the field {name!r}."), filled)
    problems += _missing(filled, fields)
    return Matching(tuple(columns), tuple(left_out), tuple(problems))


def _are_values(headings: Sequence[str]) -> bool:
    """Say whether most headings have no letter: the first row of a table is its first record."""
    given = [heading for heading in headings if heading.strip()]
    return 2 * sum(not any(map(str.isalpha, heading)) for heading in given) > len(given)


def _asked_for(mapping: Mapping[str, str], headings: Sequence[str]) -> dict[str, str]:
    """Return the mapping for the headings of the table; upper and lower case are the same."""
    known = {key(heading): tidy(heading) for heading in headings}
    asked = {}
    for heading, name in mapping.items():
        if key(heading) not in known:
            shown = ", ".join(map(repr, filter(None, known.values())))
            raise Trouble(
                "--map: no column is named {heading!r}; the columns are {shown}.",
                heading=tidy(heading),
                shown=shown,
            )
        asked[known[key(heading)]] = name.strip()
    return asked


def judge(fields: Fields, mapping: Mapping[str, str]) -> Judge:
    """Return a function that says whether headings are enough for a record, and how many are known.

    Mapped headings count as known.
    """
    asked = {key(heading): name for heading, name in mapping.items()}

    def judge_(headings: Sequence[str]) -> tuple[bool, int]:
        found = []
        for heading in map(tidy, headings):
            name = asked.get(key(heading), heading)
            fits = find_field(name, fields) if heading and name and not is_ours(heading) else []
            found += [one.name for one in fits] if len(fits) == 1 else []
        return not _missing(found, fields) and bool(found), len(set(found))

    return judge_


def find_field(name: str, fields: Fields) -> list[Field]:
    """Return the field of this name; several where the name could mean any of them."""
    for spelling in (name, _ASIDE.sub("", name)):
        if found := _named(spelling, fields):
            return found
    return []


def _named(name: str, fields: Fields) -> list[Field]:
    wanted = bare(name)
    if whole := [field for field in fields.all if bare(field.name) == wanted]:
        return whole
    if labelled := [one for one in fields.all if wanted in map(bare, one.labels)]:
        return labelled
    parts = name.split(".")
    for field in fields.all:
        depth = len(field.path)
        if field.opens and len(parts) > depth and bare(".".join(parts[:depth])) == bare(field.name):
            return [evolve(field, path=(*field.path, *parts[depth:]), opens=False)]
    return [
        field
        for field in fields.all
        if any(bare(".".join(field.path[at:])) == wanted for at in range(1, len(field.path)))
    ]


def nearest(name: str, fields: Fields) -> list[str]:
    """Return the names of the fields that are closest to this one."""
    spellings = {bare(field.path[-1]): field.name for field in reversed(fields.all)}
    spellings |= {bare(label): field.name for field in fields.all for label in field.labels}
    spellings |= {bare(field.name): field.name for field in fields.all}
    near = difflib.get_close_matches(bare(name), spellings, _NEAR, 0.5)
    return list(dict.fromkeys(spellings[one] for one in near))


def _unknown(heading: str, name: str, found: Sequence[Field], fields: Fields) -> str:
    asked = say(" was mapped to {name!r}, which", name=name) if name != heading else ""
    return say(
        "Column {heading!r}{asked} {name}",
        heading=heading,
        asked=asked,
        name=complaint_of(name, found, fields),
    )


def complaint_of(name: str, found: Sequence[Field], fields: Fields) -> str:
    """Say what is wrong with a name that means no field, or several."""
    if found:
        return say("could be {names}.", names=listed((field.name for field in found), "or"))
    near = nearest(name, fields)
    return (
        say("matches no field (closest: {near}).", near=", ".join(near))
        if near
        else say("matches no field.")
    )


def advice_on(heading: str, *, any_known: bool = True) -> str:
    """Say what to do about names that match no field."""
    if not any_known:
        return say(
            "If these are not the headings, set their row with --header-row. If they are, name the "
            'field of each with --map "{heading}=FIELD"; `sdir template` lists the fields.',
            heading=heading,
        )
    return say(
        'Name its field with --map "{heading}=FIELD", or leave it out with '
        "--skip-unknown; `sdir template` lists the fields.",
        heading=heading,
    )


def _twice(message: str, names: Iterable[str]) -> list[str]:
    counts = Counter(name for name in names if name)
    return [say(message, name=name) for name, n in counts.items() if n > 1]


def _missing(filled: Sequence[str], fields: Fields) -> list[str]:
    """Name the required fields that no column fills."""
    needed = [one for one in fields.all if one.required and one.name not in filled]
    lost = [fields.heading_of(one) if language() == "nb" else one.name for one in needed]
    lost += [
        say("a field of {group}", group=group)
        for group in fields.groups
        if not _any_below(group, filled)
    ]
    if not lost:
        return []
    return [say("No column for {lost}, which every record must have.", lost=", ".join(lost))]


def _any_below(group: str, filled: Sequence[str]) -> bool:
    return any(name.startswith(f"{group}.") for name in filled)


def read_mapping(lines: Iterable[str], where: str) -> dict[str, str]:
    """Read lines of the form `Column=field`; `#` begins a comment.

    Raises:
        Trouble: A line has another form.
    """
    mapping = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        heading, equals, name = text.rpartition("=")
        if not equals or not heading.strip():
            raise Trouble(
                "{where}, line {number}: {said!r} is not of the form Column=field.",
                where=where,
                number=number,
                said=text,
            )
        mapping[heading.strip()] = name.strip()
    return mapping
