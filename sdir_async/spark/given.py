"""The options of `df.write.format("sdir")`, and the secrets that they name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from attrs import fields, frozen

from ..client import Environment
from ..description import describe
from ..errors import ConfigurationError
from ..options import require_one_of
from ..postgres import PostgresJournal

if TYPE_CHECKING:
    from collections.abc import Mapping

_REQUIRED: Final = ("api", "version", "upload")
_SECRET: Final = ("dsn", "api_key", "witness")
_VARIABLE: Final = re.compile(r"(?![A-F0-9]{32}$)[A-Z][A-Z0-9_]*", re.ASCII)
"""The name of an environment variable; 32 hexadecimal digits are a key."""


@frozen(kw_only=True)
class Given:
    """What the options say; `SdirDataSource` says what each of them means."""

    api: str
    version: str
    upload: str
    operation: str = "create"
    environment: str = "test"
    base_url: str | None = None
    dsn: str = "SDIR_DATABASE"
    api_key: str = "SDIR_API_KEY"
    witness: str | None = None
    account: str | None = None
    settle: str = "30"


def given_by(options: Mapping[str, str]) -> Given:
    """Return what the options say.

    Raises:
        ConfigurationError: One is missing or unknown, holds a secret, or has a wrong value.
    """
    known = [one.name for one in fields(Given)]
    if unknown := sorted(options.keys() - set(known)):
        raise ConfigurationError(
            f"Unknown option {unknown[0]!r}. The options are {', '.join(known)}. Keys and"
            " passwords come from the environment of the executors, or from files there."
        )
    for name in _REQUIRED:
        if not options.get(name, "").strip():
            raise ConfigurationError(f"The option {name!r} is required.")
    for name in _SECRET:
        if name in options and not _names_a_place(options[name]):
            raise ConfigurationError(
                f"The option {name!r} must be the name of an environment variable of the executors"
                " (SDIR_DATABASE) or the path of a file there (/run/secrets/sdir), never the value"
                " itself: Spark shows options in its logs and pages. If it was a key or a password,"
                " replace that one."
            )
    given = Given(**options)
    _require_sense(given)
    return given


def _names_a_place(value: str) -> bool:
    return bool(_VARIABLE.fullmatch(value)) or Path(value).is_absolute()


def _require_sense(given: Given) -> None:
    batches = describe(given.api, given.version).batches
    if given.operation not in batches:
        raise ConfigurationError(
            f"{given.api} {given.version} has no batch operation {given.operation!r}; it has"
            f" {', '.join(batches)}."
        )
    require_one_of(get_args(Environment), "environment", given.environment)
    PostgresJournal("", upload=given.upload, part="0")  # refuses a name with a person number
    try:
        float(given.settle)
    except ValueError:
        raise ConfigurationError("The option 'settle' must be a number of seconds.") from None


def secret_at(place: str) -> str:
    """Return what an environment variable or a file of this machine holds.

    Raises:
        ConfigurationError: It does not exist, or is empty.
    """
    try:
        value = Path(place).read_text() if Path(place).is_absolute() else os.environ.get(place, "")
    except (OSError, UnicodeDecodeError):
        value = ""
    if not value.strip():
        what = "file" if Path(place).is_absolute() else "environment variable"
        raise ConfigurationError(
            f"The {what} {place} does not exist or is empty. Each executor needs it."
        )
    return value.strip()
