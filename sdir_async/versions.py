"""Which version of an API a call goes to."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from .errors import ConfigurationError
from .options import require_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .session import Session

VersionT = TypeVar("VersionT")


class Versions(Generic[VersionT]):
    """The versions of one API: `.v1`, `["v1"]`, `.selected`. A version loads on first use."""

    _api: ClassVar[str]
    _names: ClassVar[tuple[str, ...]]

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loaded: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the versions, the oldest first."""
        return iter(self._names)

    def __repr__(self) -> str:
        return f"<{self._api}: {', '.join(self._names)}>"

    @property
    def selected(self) -> VersionT:
        """The version pinned by `Sdir(versions=…)`, else the newest."""
        selected: VersionT = self._version(self._session.versions.get(self._api, self._names[-1]))
        return selected

    def _version(self, name: str) -> Any:
        require_version(self._api, self._names, name)
        if name not in self._loaded:
            package = f"{type(self).__module__}.{name}"
            operations: type[Any] = import_module(".operations", package).OPERATIONS
            self._loaded[name] = operations(self._session)
        return self._loaded[name]


def check_pins(pins: Mapping[str, str], existing: Mapping[str, tuple[str, ...]]) -> None:
    """Raise `ConfigurationError` for a pin to an API or a version that does not exist."""
    require_kind(Mapping, "a mapping of APIs to their versions", "versions", pins)
    for api, version in pins.items():
        require_version(api, versions_of(api, existing), version)


def versions_of(api: str, existing: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the versions of an API; raise `ConfigurationError` if it does not exist."""
    if api not in existing:
        known = ", ".join(sorted(existing))
        raise ConfigurationError(f"API {api!r} was not found. Give one of {known}.")
    return existing[api]


def require_version(api: str, existing: Sequence[str], version: str) -> None:
    """Raise `ConfigurationError` for a version that does not exist."""
    if version not in existing:
        known = ", ".join(existing)
        raise ConfigurationError(f"{api} has no version {version!r}; it has {known}.")
