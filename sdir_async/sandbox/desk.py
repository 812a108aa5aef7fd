"""What the page of the sandbox shows, and what it can change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections import deque
    from collections.abc import Callable, Sequence

    from ..openapi.documents import Document
    from ..openapi.operations import Operation
    from .exchanges import Exchanges
    from .faults import Faults
    from .seen import SeenRequest
    from .sleeping import Sleeper
    from .store import Store


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the page shows, and what it can change.

    Attributes:
        documents: The documents that are served.
        operations: All of their operations.
        store: The records.
        requests: The requests seen.
        exchanges: The last of them as they came, with their answers.
        ended: Set when the sandbox ends.
        api_key: A key that works, for requests that are tried from the page.
        faults: The faults in force.
        sleeper: The database's sleep.
        clear: Forgets records and requests.
        base_url: Where all of it is.
        place: Where records are kept, for people to read.
    """

    documents: Sequence[Document]
    operations: Sequence[Operation]
    store: Store
    requests: deque[SeenRequest]
    exchanges: Exchanges
    ended: asyncio.Event
    api_key: str
    faults: Faults
    sleeper: Sleeper
    clear: Callable[[], None]
    base_url: str
    place: str
