"""The token in addition to the key: its settings for the command, and the doctor's findings."""

from __future__ import annotations

import os
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ..errors import ConfigurationError, ConnectionFailed, TokenError
from .keyring import from_keyring, store_in_keyring
from .trouble import Trouble, reason_of
from .words import recast, say, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..description import Description
    from ..maskinporten import Certificate, Maskinporten

State = Literal["good", "odd", "bad"]

PREFIX: Final = "SDIR_MASKINPORTEN_"
FILE: Final = "sdir.toml"
LATE: Final = 60
"""Days before its end when a certificate should be replaced."""

_SETTINGS: Final = (
    "client_id",
    "key_file",
    "kid",
    "certificates_file",
    "scopes",
    "consumer_org",
    "system_user",
    "issuer",
)
_SECRET: Final = ("password", "secret", "api_key", "token")


def entry_of(environment: str) -> str:
    """Return what the keyring calls the password of the key."""
    return f"{environment} maskinporten"


def store_password(environment: str, password: str) -> None:
    """Put the password of the key for Maskinporten into the system's keyring.

    Raises:
        Trouble: No keyring was found, or it refused; or the password is empty.
    """
    if not (password := password.rstrip("\r\n")):
        raise Trouble("The password is empty.")
    store_in_keyring(entry_of(environment), password)


def settings_of(environment: str, folder: Path = Path()) -> dict[str, str]:
    """Return the variables for an environment: those of `sdir.toml`, and over them the real ones.

    Raises:
        Trouble: The file can't be read, or holds a setting that doesn't belong in it.
    """
    told = {
        f"{PREFIX}{name.upper()}": value for name, value in _section(environment, folder).items()
    }
    told |= {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    needs_password = f"{PREFIX}CLIENT_ID" in told and f"{PREFIX}KEY_PASSWORD" not in told
    if needs_password and (stored := from_keyring(entry_of(environment))):
        told[f"{PREFIX}KEY_PASSWORD"] = stored
    return told


def _section(environment: str, folder: Path) -> dict[str, str]:
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        section = tomllib.loads(path.read_text(encoding="utf-8")).get(environment, {})
    except (OSError, UnicodeDecodeError) as error:
        why = reason_of(error) if isinstance(error, OSError) else say("it is not text in UTF-8")
        raise Trouble("{path}: can't be read: {why}.", path=path, why=why) from None
    except tomllib.TOMLDecodeError as error:
        raise Trouble("{path}: not TOML: {error}.", path=path, error=error) from None
    return _checked(path, environment, section)


def _checked(path: Path, environment: str, section: object) -> dict[str, str]:
    if not isinstance(section, dict):
        raise Trouble(
            "{path}: {environment} must be a section: [{environment}].",
            path=path,
            environment=environment,
        )
    if secret := [name for name in section if any(word in name.lower() for word in _SECRET)]:
        raise Trouble(
            "{path}: {secret} does not belong in a file. Run `sdir login`, or set"
            " {prefix}KEY_PASSWORD.",
            path=path,
            secret=secret[0],
            prefix=PREFIX,
        )
    if unknown := sorted(section.keys() - set(_SETTINGS)):
        raise Trouble(
            "{path}: unknown setting {unknown!r}. Use one of: {settings}.",
            path=path,
            unknown=unknown[0],
            settings=", ".join(_SETTINGS),
        )
    if wrong := [name for name, value in section.items() if not isinstance(value, str)]:
        raise Trouble("{path}: {wrong} must be text.", path=path, wrong=wrong[0])
    files = [name for name in section if name.endswith("_file")]
    return section | {name: str(path.parent / section[name]) for name in files}


def maskinporten_of(environment: str) -> Maskinporten | None:
    """Return the source of the token, `None` if nothing is set.

    Raises:
        Trouble: A setting is wrong, or the key can't be read.
    """
    from ..maskinporten import Maskinporten

    told = settings_of(environment)
    if f"{PREFIX}CLIENT_ID" not in told:
        return None
    try:
        made = Maskinporten.from_environment(told)
        made.bind(environment)
    except ConfigurationError as error:
        raise Trouble(str(error)) from None
    return made


class Tried:
    """The results of the token checks: a token for each set of scopes, and the findings."""

    def __init__(self) -> None:
        self.tokens: dict[tuple[str, ...], str] = {}
        self.findings: list[tuple[str, State, str, str]] = []
        self.is_set = False

    def __repr__(self) -> str:
        return "Tried(…)"

    def say(self, state: State, said: str, advice: str = "", what: str = "token") -> None:
        """Add a finding."""
        self.findings.append((what, state, said, advice))


async def try_tokens(environment: str, versions: Iterable[Description]) -> Tried:
    """Test the token separately: key, certificate, and a token for the scopes of each API."""
    tried = Tried()
    try:
        maskinporten = maskinporten_of(environment)
    except Trouble as error:
        tried.is_set = True
        tried.say("bad", str(error), _who("you"))
        return tried
    if maskinporten is None:
        return tried
    tried.is_set = True
    _say_key(tried, maskinporten)
    wanted = _scopes(versions, maskinporten.scopes)
    for scopes, names in wanted.items():
        if not await _try(tried, maskinporten, scopes, names):
            break
    return tried


def _scopes(
    versions: Iterable[Description], fallback: tuple[str, ...]
) -> Mapping[tuple[str, ...], list[str]]:
    wanted: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for version in versions:
        for scopes in {each.scopes or fallback for each in version.operations.values()}:
            if scopes:
                wanted[scopes].append(version.name)
    return wanted


async def _try(
    tried: Tried, maskinporten: Maskinporten, scopes: tuple[str, ...], names: list[str]
) -> bool:
    """Ask for a token; return whether it makes sense to ask for others."""
    from ..maskinporten.refusals import MEANINGS, UNKNOWN  # imports httpx, which takes its time

    what = say("token for {names}", names=", ".join(names))
    try:
        tried.tokens[scopes] = await maskinporten.token(scopes)
    except TokenError as error:
        meaning = MEANINGS.get(error.code or "", UNKNOWN)
        tried.say("bad", recast(str(error)), _who(meaning.who), what)
        return (error.code or "").startswith("MP-2")
    except ConnectionFailed as error:
        tried.say("bad", recast(str(error)), _who("you"), what)
        return False
    tried.say("good", say("Maskinporten gives one"), what=what)
    return True


def _say_key(tried: Tried, maskinporten: Maskinporten) -> None:
    if maskinporten.certificate is not None:
        tried.say(*judge_certificate(maskinporten.certificate), what=unsaid("certificate"))
    if maskinporten.kid is not None:
        said = say(
            "{kid} of client {client_id}; it expires a year after it was registered",
            kid=maskinporten.kid,
            client_id=maskinporten.client_id,
        )
        tried.say("good", said, what=unsaid("registered key"))


def judge_certificate(certificate: Certificate) -> tuple[State, str, str]:
    """Return whose a certificate is and how long it is valid: a state, a text, and advice."""
    days = certificate.days_left()
    whose = f"{certificate.organization} {certificate.organization_number}".strip()
    ends = f"{certificate.ends:%Y-%m-%d}"
    advice = say("Order a new one from Buypass or Commfides, and put it in place before then.")
    if days < 0:
        return (
            "bad",
            say("{whose}, ended {ends}", whose=whose, ends=ends),
            f"{_who('you')} {advice}",
        )
    left = say("{whose}, ends {ends}, in {days} days", whose=whose, ends=ends, days=days)
    return ("odd", left, advice) if days <= LATE else ("good", left, "")


def _who(who: str) -> str:
    who = recast(who)
    return say("{who} can fix this.", who=f"{who[0].upper()}{who[1:]}")
