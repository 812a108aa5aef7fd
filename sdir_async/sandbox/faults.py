"""Faults on demand: a seed decides which fault meets which request."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, fields, frozen, validators

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..openapi.operations import Operation


class Kind(StrEnum):
    """What happens to a request; the values are what the control endpoint takes."""

    LOST = "lost"
    RESET = "reset"
    CUT = "cut"
    API_500 = "api-500"
    GATEWAY_500 = "gateway-500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    TOO_MANY = "429"
    LATENCY = "latency"
    TOKEN_SLOW = "token-slow"  # noqa: S105 - a kind of fault
    TOKEN_503 = "token-503"  # noqa: S105
    TOKEN_EARLY = "token-early"  # noqa: S105
    TOKEN_REPLAYED = "token-replayed"  # noqa: S105
    TOKEN_CLOCK = "token-clock"  # noqa: S105
    TOKEN_KEY = "token-key"  # noqa: S105
    TOKEN_SCOPE = "token-scope"  # noqa: S105


MEANINGS = {
    Kind.LOST: "the connection ends without an answer",
    Kind.RESET: "the connection is reset while the body is sent",
    Kind.CUT: "the answer ends in the middle, after the request was served",
    Kind.API_500: "the API fails and saves nothing",
    Kind.GATEWAY_500: "the gateway answers instead of the API",
    Kind.BAD_GATEWAY: "a proxy before the gateway gets no valid answer",
    Kind.UNAVAILABLE: "the circuit is open, or the API is down",
    Kind.GATEWAY_TIMEOUT: "a proxy before the gateway times out",
    Kind.TOO_MANY: "the rate limit rejects the request",
    Kind.LATENCY: "the API starts late",
    Kind.TOKEN_SLOW: "the token endpoint answers late",
    Kind.TOKEN_503: "the token endpoint is not available",
    Kind.TOKEN_EARLY: "a token ends sooner than was said",
    Kind.TOKEN_REPLAYED: "the token endpoint says that the assertion was used before: MP-012",
    Kind.TOKEN_CLOCK: "the token endpoint says that the client's clock is ahead: MP-130",
    Kind.TOKEN_KEY: "the client's registered key has expired: MP-121",
    Kind.TOKEN_SCOPE: "the scope was taken away from the client or its customer: MP-200, MP-251",
}
"""What happens, as shown on the sandbox's page."""

_OF_TOKENS = frozenset(kind for kind in Kind if kind.value.startswith("token-"))
_NEVER_SAVES = frozenset({Kind.RESET, Kind.API_500, Kind.TOO_MANY})
_ALWAYS_SAVES = frozenset({Kind.CUT, Kind.LATENCY})


def _kind(kind: Kind | str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        known = ", ".join(Kind)
        raise ValueError(f"{kind!r} is not a kind of fault. Use one of: {known}.") from None


def _agrees(fault: Fault, _: object, saves: bool | None) -> None:
    """A reset or refused request can't be saved, and a cut answer means that it was."""
    natural = fault.kind in _ALWAYS_SAVES
    if saves not in (None, natural) and fault.kind in _NEVER_SAVES | _ALWAYS_SAVES:
        how = "always" if natural else "never"
        raise ValueError(f"saves can't be set here: {fault.kind.value!r} {how} saves the records.")


_AT_LEAST_1 = validators.optional([validators.instance_of(int), validators.ge(1)])


@frozen
class Fault:
    """Something that goes wrong with some of the requests.

    Attributes:
        kind: What goes wrong: a `Kind` or its value.
        saves: Whether the API serves the request anyway, so that a create saves its records
            although the client doesn't get to know. `None` is what the kind says: a cut answer
            and latency save, everything else doesn't.
        probability: How often it meets a request that it may meet, from 0 to 1.
        count: How many requests it meets before it is spent; `None` for no end.
        nth: It meets this one request alone, counted from 1 and from when the fault was set,
            among those that it may meet.
        operation: It may meet this operation alone: an `operationId` such as `createCourses`,
            the document's name before it (`course v1 createCourses`) where several documents
            have it, or method and path (`POST /aps-course-external/v1/courses/batch`).
        seconds: Of latency and a slow token endpoint, how long; of a token that ends early, when;
            where the request is served although the answer says otherwise, how long after the
            answer.
        retry_after: Seconds for the header `Retry-After` of a 429 or 503; a 503 may lack it.

    Example:
        ```python
        Fault("lost", saves=True, count=2)  # two requests are saved, and the client hears nothing
        Fault("429", probability=0.1, retry_after=2)
        Fault("gateway-500", saves=True, seconds=5, nth=3, operation="createCourses")
        ```
    """

    kind: Kind = field(converter=_kind)
    saves: bool | None = field(
        default=None,
        kw_only=True,
        validator=[validators.optional(validators.instance_of(bool)), _agrees],
    )
    probability: float = field(
        default=1.0, kw_only=True, validator=[validators.ge(0), validators.le(1)]
    )
    count: int | None = field(default=None, kw_only=True, validator=_AT_LEAST_1)
    nth: int | None = field(default=None, kw_only=True, validator=_AT_LEAST_1)
    operation: str | None = field(
        default=None, kw_only=True, validator=validators.optional(validators.instance_of(str))
    )
    seconds: float = field(default=0.0, kw_only=True, validator=validators.ge(0))
    retry_after: int | None = field(
        default=None,
        kw_only=True,
        validator=validators.optional([validators.instance_of(int), validators.ge(0)]),
    )

    @property
    def is_served(self) -> bool:
        """Whether the API serves the request, whatever the client sees."""
        return self.kind in _ALWAYS_SAVES if self.saves is None else self.saves

    @property
    def is_of_tokens(self) -> bool:
        """Whether it meets questions for a token, and no call of an API."""
        return self.kind in _OF_TOKENS

    def may_meet(self, operation: Operation | None) -> bool:
        """Say whether it may meet requests of this operation; `None` asks for a token."""
        if operation is None or self.is_of_tokens:
            return operation is None and self.is_of_tokens
        return self.operation is None or self.operation in operation.names


@dataclass
class _Active:
    """A fault in force: how often it met a request, and its own source of chance.

    Each has its own source, so that another fault doesn't change when the others strike.
    """

    fault: Fault
    chance: Random
    seen: int = 0
    met: int = 0

    def strikes(self) -> bool:
        """Say whether it strikes the current request."""
        fault = self.fault
        self.seen += 1
        hit = self.chance.random() < fault.probability
        if fault.nth is not None and self.seen != fault.nth:
            return False
        return hit and (fault.count is None or self.met < fault.count)


@dataclass(frozen=True)
class Met:
    """What a request meets.

    Attributes:
        fault: What happens to it; `None` if all goes well.
        delay: Seconds of latency.
    """

    fault: Fault | None = None
    delay: float = 0.0


class Faults:
    """The faults in force. They can be changed while the sandbox runs.

    The same faults, seed and order of requests always have the same effect.

    Example:
        ```python
        faults = Faults(Fault("502", probability=0.05), seed=7)
        async with Sandbox(faults=faults) as sandbox:
            number = sandbox.faults.add(Fault("lost", saves=True, count=1))
            sandbox.faults.remove(number)
        ```
    """

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self.seed = seed
        self._active: dict[int, _Active] = {}
        self._numbers = count(1)
        self._names: frozenset[str] | None = None
        self._gives_tokens = True
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> int:
        """Set a fault, and return the number to remove it by.

        Raises:
            ValueError: It is for an operation that the sandbox doesn't serve, or for tokens that
                it doesn't give.
        """
        self._require_operation(fault)
        number = next(self._numbers)
        chance = Random(f"{self.seed} {number}")  # noqa: S311 - it plays, it guards nothing
        self._active[number] = _Active(fault, chance)
        return number

    def know(self, operations: Iterable[Operation], *, gives_tokens: bool = True) -> None:
        """Take note of what is served: a fault for anything else would never strike.

        Raises:
            ValueError: One is for something else.
        """
        self._names = frozenset().union(*(operation.names for operation in operations))
        self._gives_tokens = gives_tokens
        for fault in self:
            self._require_operation(fault)

    def _require_operation(self, fault: Fault) -> None:
        name = fault.operation
        if fault.is_of_tokens and not self._gives_tokens:
            raise ValueError(f"{fault.kind.value!r} needs Sandbox(maskinporten=True).")
        if name is None or self._names is None or name in self._names:
            return
        similar = get_close_matches(name, sorted(self._names), 1)
        hint = f" (closest: {similar[0]!r})" if similar else ""
        raise ValueError(f"{name!r} matches no operation{hint}.")

    def remove(self, number: int) -> None:
        """End a fault.

        Raises:
            KeyError: None has this number.
        """
        del self._active[number]

    def clear(self, *, seed: int | None = None) -> None:
        """Remove all faults, and start again, with another seed or with the same."""
        self.seed = self.seed if seed is None else seed
        self._active.clear()
        self._numbers = count(1)

    def meet(self, operation: Operation | None) -> Met:
        """Decide what a request of this operation meets; of several faults, the first one set.

        Without an operation it is a question for a token.

        Latency comes on top of the others.
        """
        struck: _Active | None = None
        delay = 0.0
        for active in tuple(self._active.values()):
            if not active.fault.may_meet(operation) or not active.strikes():
                continue
            if active.fault.kind is Kind.LATENCY:
                active.met += 1
                delay += active.fault.seconds
            else:
                struck = struck or active
        if struck is None:
            return Met(None, delay)
        struck.met += 1
        return Met(struck.fault, delay)

    def __iter__(self) -> Iterator[Fault]:
        return iter([active.fault for active in self._active.values()])

    def __len__(self) -> int:
        return len(self._active)

    def describe(self) -> list[dict[str, Any]]:
        """Return the faults as JSON values, each with its number and how often it struck."""
        return [
            {"number": number, **asdict(active.fault), "met": active.met}
            for number, active in self._active.items()
        ]


def read_fault(told: Mapping[str, Any]) -> Fault:
    """Return the fault that JSON describes.

    Raises:
        ValueError: It isn't one.
    """
    try:
        return Fault(**told)
    except TypeError:
        known = ", ".join(each.name for each in fields(Fault)[1:])
        raise ValueError(f"A fault must have a kind, and can have {known}.") from None
