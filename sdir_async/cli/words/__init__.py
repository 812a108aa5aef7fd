"""What the command says, in English or in Norwegian.

A message is written in English where it is said: `say("has no sheet {name!r}.", name=name)`. The
English text is its key in `nb.toml`, which has the Norwegian one. What the library below says, it
says in English and in whole sentences; `recast` knows these by their form, and says in plain words
why a request was lost.
"""

from __future__ import annotations

import locale
import os
import re
import string
import tomllib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Language = Literal["en", "nb"]

_NORWEGIAN: Final = ("nb", "nn", "no", "norwegian")
_VARIABLES: Final = ("SDIR_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_MARKS: Final = {"nb": str.maketrans(",.", "\u00a0,")}
"""What separates thousands and decimals, from the English marks."""


class _Words(string.Formatter):
    """Fills in placeholders; numbers are written as the language writes them."""

    language: Language = "en"

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        is_number = isinstance(value, int | float) and format_spec[-1:] in (",", "f", "g")
        return text.translate(_MARKS.get(self.language, {})) if is_number else text


_words: Final = _Words()


def use(language: Language) -> None:
    """Say everything in this language from now on."""
    _words.language = language


def language() -> Language:
    """Return the language that is spoken."""
    return _words.language


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language of a user, from the environment or else from the system.

    Example:
        >>> language_of({"LANG": "nb_NO.UTF-8"})
        'nb'
    """
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), None)
    name = said if said is not None else (locale.getlocale()[0] or "")
    return "nb" if re.split(r"[_.@ -]", name.casefold())[0] in _NORWEGIAN else "en"


def of_system() -> Language:
    """Return the language of the user of this process."""
    return language_of(os.environ)


def say(text: str, /, **values: Any) -> str:
    """Return a message in the language that is spoken, with its placeholders filled in.

    Example:
        >>> say("has no sheet {name!r}; its sheets are {known}.", name="A", known="'B'")
        "has no sheet 'A'; its sheets are 'B'."
    """
    found = _catalogue()["said"].get(text, text) if _words.language == "nb" else text
    return _words.vformat(found, (), values) if values else found


def in_each_language(text: str) -> tuple[str, ...]:
    """Return a text in each language: a file may have been written in another one."""
    return text, _catalogue()["said"].get(text, text)


def some(count: int, one: str, many: str, /, **values: Any) -> str:
    """Return a message about one thing or several; `{count}` in it is how many.

    Example:
        >>> some(2, "{count:,} row", "{count:,} rows")
        '2 rows'
    """
    return say(one if count == 1 else many, count=count, **values)


def unsaid(text: str) -> str:
    """Return a text unchanged; `say` translates it later."""
    return text


def listed(names: Iterable[object], word: str = "and") -> str:
    """Return names in a row, the last one after `and` or `or`.

    Example:
        >>> listed(["A", "B", "C"])
        'A, B and C'
    """
    shown = list(map(str, names))
    joint = {"and": say("and"), "or": say("or")}[word]
    return f" {joint} ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def described(text: str) -> str:
    """Return what a document says about a field in the language that is spoken."""
    return _catalogue()["documents"].get(text, text) if _words.language == "nb" else text


def recast(text: str) -> str:
    """Return what the library says in the language that is spoken.

    A message without a translation stays in English, such as most of Sdir's own.
    """
    return _recast(text, _words.language)


@lru_cache(maxsize=4096)
def _recast(text: str, language: Language) -> str:
    for pattern, said in _forms(language):
        if found := pattern.fullmatch(text):
            values = {
                name: in_plain_words(value) if name == "cause" else _recast(value, language)
                for name, value in found.groupdict().items()
            }
            return _words.vformat(said, (), values)
    return text


_CAUSES: Final = {
    "CERTIFICATE_VERIFY|certificate": unsaid("the host's certificate is not trusted here"),
    "SSL|TLS": unsaid("no secure connection was possible"),
    "Proxy": unsaid("the proxy refused"),
    "not known|getaddrinfo|nodename|name resolution|No address": unsaid(
        "the name of the host can't be found"
    ),
    "Timeout": unsaid("the host did not answer in time"),
    "^(Connect|Client.*Connect)": unsaid("the host can't be reached"),
    "^(Read|Write|RemoteProtocol|Server|Client|Connection|BrokenPipe)": unsaid(
        "the connection was broken off"
    ),
}
"""Why a request was lost, by the messages of HTTP libraries."""


def in_plain_words(cause: str) -> str:
    """Return why a request was lost, without the words of programmers.

    Example:
        >>> in_plain_words("ConnectError: [Errno 111] Connect call failed ('127.0.0.1', 1)")
        "the host can't be reached"
    """
    said = (plain for known, plain in _CAUSES.items() if re.search(known, cause))
    return next(map(say, said), cause)


@lru_cache(maxsize=2)
def _catalogue(language: Language = "nb") -> dict[str, dict[str, str]]:
    path = resources.files(__name__).joinpath(f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=2)
def _forms(language: Language) -> list[tuple[re.Pattern[str], str]]:
    """Return the forms of the library's sentences, those with the most words first."""
    forms = _catalogue(language)["library"].items()
    ordered = sorted(forms, key=lambda form: -len(re.sub(r"\{\w+\}", "", form[0])))
    return [(form_of(english), said) for english, said in ordered]


def form_of(text: str) -> re.Pattern[str]:
    """Return the pattern of a sentence with placeholders."""
    parts = re.split(r"\{(\w+)\}", text)
    names = [f"(?P<{name}>.*?)" for name in parts[1::2]]
    plain = map(re.escape, parts[::2])
    woven = "".join(a + b for a, b in zip(plain, [*names, ""], strict=True))
    return re.compile(woven, re.DOTALL | re.IGNORECASE)
