"""Removes from a server's message what it repeats of the request; the field and the rule stay."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from ._lazy import pattern
from .privacy import mask
from .verdicts import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES: Final = ("name", "navn")
_WORD = pattern(r"\w+")
_TELLING = pattern(r"[^\W\d_]\w|\w[^\W\d_]|(?:\d\W?){5}")
"""Two letters, or five digits: less can be part of the rule."""


class Echoes:
    """Knows the texts of a request, and removes them from messages of the server.

    Args:
        sent: What was sent: bytes of JSON, or values of JSON.
    """

    def __init__(self, *sent: Any) -> None:
        self._sent = sent
        self._texts: dict[str, set[tuple[str, ...]]] | None = None

    def cut(self, message: str, field: str = "") -> str:
        """Return a message of the server without the values that it repeats from the record.

        A repeated value can be the name of a person. A quotation is removed, too, unless it names
        the field, or follows a word such as `format` or `type`, where it is part of the rule.

        Args:
            message: The server's words.
            field: The field that they are about, in any spelling.

        Example:
            >>> Echoes({"lastName": "Nordmann"}).cut("Nordmann: use type 'text'.", "lastName")
            "…: use type 'text'."
            >>> Echoes().cut("The value 'Kari' is not valid for LastName.", "person.lastName")
            "The value '…' is not valid for LastName."
        """
        message = _VALUE_LIST.sub(r"\1…", self._without_texts(message))
        parts = {_bare(part) for part in field.split(".")} | {_bare(field)}
        return mask(_QUOTED.sub(lambda found: _unquoted(found, parts), message))

    def _without_texts(self, message: str) -> str:
        """Remove each run of words that is a text of the request, the longest first."""
        known = self._known()
        words = list(_WORD.finditer(message)) if known else []
        said = [word[0] for word in words]
        parts, done, at = [], 0, 0
        while at < len(words):
            sizes = [
                len(text)
                for text in known.get(said[at], ())
                if text == (*said[at : at + len(text)],)
            ]
            if sizes:
                parts += [message[done : words[at].start()], "…"]
                done = words[at + max(sizes) - 1].end()
            at += max(sizes, default=1)
        return "".join([*parts, message[done:]])

    def _known(self) -> dict[str, set[tuple[str, ...]]]:
        """Return the texts as words, by the first of them; they are read when first needed."""
        if self._texts is None:
            self._texts = defaultdict(set)
            for text in set(_texts(self._sent)):
                words = tuple(_WORD.findall(text))
                self._texts[words[0]].add(words)
        return self._texts


def _texts(value: Any, *, name: str = "") -> Iterator[str]:
    """Yield the texts that can't be part of a rule; for a name also its parts, and other cases."""
    if isinstance(value, bytes):
        value = parsed(value)
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, name=key)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, name=name)
    elif isinstance(value, str):
        texts = [value]
        if name.casefold().endswith(_NAMES):
            texts += _WORD.findall(value)
            texts += [form(text) for text in texts for form in (str.upper, str.title)]
        yield from filter(_TELLING.search, texts)


_QUOTED = pattern(
    r"""(?P<rule>\b(?:format|pattern|type|field|property|parameter|member|column|table|constraint
    |object|index|header|schema|database|of|enum|path)\s+)?
    (?: (?<!\w)'(?P<single>[^'\n]*(?:(?<=\w)'(?=\w)[^'\n]*)*)'(?!\w)
      | "(?P<double>[^"\n]*)" | [“„](?P<curly>[^”“\n]*)[”“] | «(?P<angled>[^»\n]*)»
      | `(?P<ticked>[^`\n]*)` | (?P<json>\{[^{}]*:[^{}]*\}) )""",
    re.VERBOSE | re.IGNORECASE,
)
_VALUE_LIST = pattern(r"(\bvalues?(?: (?:is|are)\s+(?=\()|:\s*))(?:\(.*\)|.+)", re.IGNORECASE)


def _unquoted(found: re.Match[str], parts: set[str]) -> str:
    kind = str(found.lastgroup)
    if found["rule"] or (kind != "json" and _bare(found[kind]) in parts - {""}):
        return found[0]
    return "{…}" if kind == "json" else found[0][0] + "…" + found[0][-1]


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()
