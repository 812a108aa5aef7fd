"""`with_raw_response`: the raw response, and the value that is parsed from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar, cast

from .base import Operations
from .frames import no_locals
from .problems import accepted, value_of
from .verdicts import request_id_of
from .wire import counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from typing import Concatenate

    from .verdicts import Exchange
    from .wire import Answer, Attempt

P = ParamSpec("P")
T = TypeVar("T")
ValueT = TypeVar("ValueT")
ValueT_co = TypeVar("ValueT_co", covariant=True)


class RawResponse(Generic[ValueT_co]):
    """The answer to a call that succeeded. Calls raise the same errors as without it.

    Its `repr` does not show the request or the answer.

    Example:
        >>> raw = await sdir.course.v1.with_raw_response.list_codes()  # doctest: +SKIP
        >>> raw.status, raw.headers["content-type"], raw.request_id  # doctest: +SKIP
        >>> codes = raw.value  # doctest: +SKIP
    """

    def __init__(
        self, exchange: Exchange, read: Callable[[Answer], ValueT_co], hint: Callable[[], str] = str
    ) -> None:
        self._exchange = exchange
        self._answer: Answer = accepted(exchange, hint)
        self._read = read
        self._hint = hint

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are found in lower case."""
        return self._answer.headers

    @property
    def content(self) -> bytes:
        """The body as it came, decompressed."""
        return self._answer.body

    @property
    def request_id(self) -> str | None:
        """What Sdir's support needs to find the request in its logs, if the answer says."""
        return request_id_of(self._answer)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt, including the last."""
        return self._exchange.attempts

    @property
    def value(self) -> ValueT_co:
        """What the method itself returns. The body is parsed each time you read this.

        Raises:
            ConnectionFailed: The body is not what the document says.
            UnknownOutcome: The same, of a create: it may have been saved.
        """
        with no_locals:
            return value_of(self._exchange, self._read, self._hint)

    def __repr__(self) -> str:
        told = f", request id {self.request_id}" if self.request_id else ""
        return (
            f"<RawResponse {self.status}: {len(self.content)} bytes,"
            f" {counted(self.attempts)}{told}>"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RawResponse can't be pickled or copied: take its value or its content")


class RawOperations(Operations):
    """The operations of a version; each returns the answer itself."""

    def _answer(self, exchange: Exchange, read: Callable[[Answer], T]) -> RawResponse[T]:
        return RawResponse(exchange, read, self._how_to_ask)


class RawMethod(Generic[P, ValueT]):
    """The type of a method of `with_raw_response`: what the method itself takes, a raw answer."""

    if TYPE_CHECKING:

        def __get__(
            self, instance: object, owner: object = None
        ) -> Callable[P, Coroutine[Any, Any, RawResponse[ValueT]]]: ...


def raw(
    method: Callable[Concatenate[Any, P], Awaitable[ValueT]],
) -> RawMethod[P, ValueT]:
    """Type a method as one that returns the answer: in `RawOperations` it does, unchanged."""
    return cast("RawMethod[P, ValueT]", method)
