"""`df.write.format("sdir")`: `pip install "sdir-async[spark]"`.

Its names load when they are first used, so that the other parts are there without PySpark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._lazy import lazy_names
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from .frames import bucketed, rejected, report
    from .outcomes import Outcome
    from .source import SdirDataSource

_load, __dir__ = lazy_names(
    __name__,
    {
        "Outcome": ".outcomes",
        "SdirDataSource": ".source",
        "bucketed": ".frames",
        "rejected": ".frames",
        "report": ".frames",
    },
)


def __getattr__(name: str) -> Any:
    try:
        return _load(name)
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Writing from Spark needs an extra: pip install 'sdir-async[spark]'"
        ) from None


__all__ = ["Outcome", "SdirDataSource", "bucketed", "rejected", "report"]
