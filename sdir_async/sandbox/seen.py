"""What is known about a request after it was answered."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SeenRequest:
    """A request that was answered: no query, no header, no body, so no key and no person.

    Attributes:
        method: In capitals.
        path: Without the query, and with possible person numbers masked.
        status: Of the answer; 499 if the client hung up before its body was whole, 0 if a fault
            ended the connection without an answer.
        records: How many records it brought; `None` if it has no body of records.
        fault: The fault that it met, `""` if none.
        key: Which key it brought: `primary`, `secondary`, `wrong` or `none`.
        consumer: The organization number in its token, `""` if it brought none that is good.
        seconds: How long the answer took to begin.
        at: When the answer began, in seconds since 1970.
    """

    method: str
    path: str
    status: int
    records: int | None = field(default=None, compare=False)
    fault: str = field(default="", compare=False)
    key: str = field(default="", compare=False)
    consumer: str = field(default="", compare=False)
    seconds: float = field(default=0.0, compare=False)
    at: float = field(default_factory=time.time, compare=False)
