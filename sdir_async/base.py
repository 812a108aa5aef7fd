"""What every generated version inherits: one call, and uploads where the document has batches."""

from __future__ import annotations

from collections import defaultdict
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from urllib.parse import quote

import orjson
from attrs import evolve, frozen

from .call import Call
from .errors import ConfigurationError
from .frames import no_locals
from .loops import loop_time
from .options import Timeout, checked_headers, is_sendable, require_kind, timeouts_of
from .parameters import InPath
from .parameters import text as _text
from .problems import value_of
from .types import UNSET, Unset, jsonable
from .upload.check import check_of
from .upload.encoding import BodyLimit, Encoder
from .upload.journal import Journal
from .upload.plan import Plan, witness_of
from .upload.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .document import Batch, Document, Operation
    from .retries import RetryPolicy
    from .session import Session
    from .upload.journal import JournalSource
    from .upload.plan import OnRejected, Progress, Reconcile, Record, Records
    from .verdicts import Exchange
    from .wire import Answer

__all__ = ["BatchOperations", "ByStatus", "Operations", "Timeout", "nothing"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
RecordT = TypeVar("RecordT")
SavedT = TypeVar("SavedT")
KindT = TypeVar("KindT", bound=str)

_CREATE: Any = "create"


class Operations:
    """The operations of one version of one API, as an attribute of `Sdir`."""

    _document: Document
    _batches: Mapping[str, Batch[Any]] = {}

    def __init__(self, session: Session) -> None:
        self._session = session
        self._base_url = session.servers.base_url_of(self._document)
        self._limits: defaultdict[str, BodyLimit] = defaultdict(BodyLimit)

    @property
    def _package(self) -> str:
        return type(self).__module__.rpartition(".")[0]

    def __repr__(self) -> str:
        return f"<{self._document.api} {self._document.version} at {self._base_url}>"

    async def _call(
        self,
        operation: Operation,
        parse: Callable[[Any], T] | ByStatus[T],
        *,
        path: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, object] | None = None,
        body: object = UNSET,
        timeout: Timeout | Unset = UNSET,  # noqa: ASYNC109
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        more_headers: Mapping[str, str] | None = None,
    ) -> T:
        call = Call(
            operation,
            self._document,
            self._url_of(operation, path or {}),
            _query(operation, params or {}),
            {**checked_headers(more_headers), **_headers(operation, headers or {})},
            None if body is UNSET else orjson.dumps(body, default=jsonable),
            None if isinstance(timeout, Unset) else timeouts_of(timeout),
            retry=retry,
            template=self._url_of(operation) if path else None,
        )
        deadline = self._session.settings.deadline if deadline is None else deadline
        require_kind(int | float | None, "a number of seconds", "deadline", deadline)
        until = None if deadline is None else loop_time() + deadline
        exchange = await self._session.exchange(call, until)
        answer: T = self._answer(exchange, _reading(parse))
        return answer

    def _answer(self, exchange: Exchange, read: Callable[[Answer], Any]) -> Any:
        """Return what a call gives: here the value, in `RawOperations` the answer itself."""
        return value_of(exchange, read, self._how_to_ask)

    def _url_of(self, operation: Operation, path: Mapping[str, object] = {}) -> str:
        """Return the URL of an operation, with these values in its path."""
        base_url = self._base_url
        if operation.servers is not None:
            document = evolve(self._document, servers=operation.servers)
            base_url = self._session.servers.base_url_of(document)
        return url_of(base_url, operation, path)

    def _how_to_ask(self) -> str:
        listing = next((batch.listing for batch in self._batches.values() if batch.listing), None)
        asked = f" with {listing.operation.name}" if listing else ""
        return f"Look for it{asked} before you send it again."


class BatchOperations(Operations, Generic[RecordT, SavedT, KindT]):
    """A version with batch operations: it uploads any number of records."""

    def upload(
        self,
        records: Records[RecordT],
        *,
        operation: KindT = _CREATE,
        chunk_size: int = 500,
        chunk_bytes: int = 1_000_000,
        concurrency: int = 8,
        on_rejected: OnRejected = "isolate",
        reconcile: Reconcile = "list",
        witness: Record[RecordT] | None = None,
        check: bool = True,
        journal: str | PathLike[str] | JournalSource | None = None,
        deadline: float | None = None,
        progress: Progress | None = None,
    ) -> Upload[SavedT]:
        """Send any number of records in chunks. Sdir saves all records of a chunk or none.

        Every record ends in exactly one of four states: accepted, rejected, in doubt, unsent.
        `await` the result for the report, or iterate over it for each chunk as it is finished.

        Args:
            records: An iterable or async iterable of models of this version, of mappings, or of
                `bytes` that hold one JSON object each. It is read while it is sent, never far
                ahead. Don't change the records of a list during the upload; if you have to, pass
                `iter(records)`.
            operation: What to do with them: `"create"`, `"update"`, or `"validate"`, which saves
                nothing, where the API has it.
            chunk_size: At most this many records in a request.
            chunk_bytes: At most this many bytes in a request's body; a single record may be larger.
            concurrency: At most this many requests at once. Creates with a journal are sent one
                request at a time until one is accepted.
            on_rejected: `"isolate"` finds the bad records of a refused chunk and sends the others;
                `"stop"` sends nothing more.
            reconcile: What to do about a chunk of creates whose answer was lost. `"list"` asks Sdir
                whether it was saved, if the document names an operation for that. Your own async
                function gets the chunk's records and returns `True`, `False` or, if it can't tell,
                `None`. With `reconcile=None`, nobody is asked and the chunk is in doubt.
            witness: A record that you know is saved at Sdir, such as one of an earlier upload. A
                record that the list does not show counts as not saved only after the list has shown
                one that is saved: the witness, or a record that this upload saved.
            check: Whether to check each record before it is sent. A record that fails is rejected
                without a request. Without the check, bytes are sent unchanged, and are parsed only
                if Sdir refuses them.
            journal: A file with which the same upload can continue after the process died, or a
                `PostgresJournal` if several workers share an upload.
            deadline: Seconds for the whole upload. Records that are not finished by then are unsent
                or in doubt.
            progress: Called with a `Snapshot` whenever records were finished.

        Raises:
            ConfigurationError: A parameter is not valid. All other errors are raised when the
                upload is awaited or iterated over, and carry its report.

        Example:
            >>> report = await competences.upload(records)  # doctest: +SKIP
            >>> report.accepted, [(r.index, r.reasons) for r in report.rejections]  # doctest: +SKIP
        """
        with no_locals:
            batch = self._batch(operation)
            encode = Encoder(batch.record)
            known = None if witness is None else witness_of(witness, encode, batch, reconcile)
            return Upload(
                Plan(
                    self._session,
                    self._document,
                    batch,
                    records,
                    url_of=self._url_of,
                    encode=encode,
                    check=check_of(self._package, operation) if check else None,
                    journal=self._journal(journal, operation, batch),
                    limit=self._limits[operation],
                    chunk_size=chunk_size,
                    chunk_bytes=chunk_bytes,
                    concurrency=concurrency,
                    on_rejected=on_rejected,
                    reconcile=reconcile,
                    witness=known,
                    deadline=self._session.settings.deadline if deadline is None else deadline,
                    progress=progress,
                )
            )

    def _journal(
        self, given: str | PathLike[str] | JournalSource | None, kind: str, batch: Batch[Any]
    ) -> Journal:
        if given is None:
            return Journal()
        target = {
            "api": self._document.api,
            "version": self._document.version,
            "operation": kind,
            "url": self._url_of(batch.operation),
        }
        if self._session.settings.customer:
            target["customer"] = self._session.settings.customer
        if not isinstance(given, str | PathLike):
            if not callable(getattr(given, "journal_of", None)):
                raise ConfigurationError("journal must be a path or a PostgresJournal.")
            return given.journal_of(target)
        from .upload.journal.recorded import RecordedJournal
        from .upload.journal.sqlite import SqliteStore

        return RecordedJournal(SqliteStore(Path(given).absolute(), target))

    def _batch(self, kind: str) -> Batch[Any]:
        if not isinstance(kind, str) or kind not in self._batches:
            raise ConfigurationError(
                f"{self._document.api} {self._document.version} has no batch operation {kind!r};"
                f" it has {', '.join(self._batches)}."
            )
        return self._batches[kind]


@frozen
class ByStatus(Generic[T_co]):
    """Reads the answer of an operation that answers differently with different statuses.

    Attributes:
        otherwise: Reads the answer of a status that is not listed, as the alternative that it fits.
        statuses: What reads the answer of a status, such as `"201"` or `"2XX"`.
    """

    otherwise: Callable[[Any], T_co]
    statuses: Mapping[str, Callable[[Any], T_co]]

    def of(self, status: int) -> Callable[[Any], T_co]:
        """Return what reads the answer of a status."""
        found = self.statuses.get(str(status)) or self.statuses.get(f"{status // 100}XX")
        return found or self.otherwise


def nothing(_: object) -> None:
    """Parse an answer for which the document promises no JSON: it may hold anything."""


def _reading(parse: Callable[[Any], T] | ByStatus[T]) -> Callable[[Answer], T]:
    if parse is nothing:
        return cast("Callable[[Answer], T]", parse)

    def read(answer: Answer) -> T:
        found = parse.of(answer.status) if isinstance(parse, ByStatus) else parse
        return found(orjson.loads(answer.body) if answer.body.strip() else None)

    return read


def url_of(base_url: str, operation: Operation, path: Mapping[str, object]) -> str:
    """Return the URL of an operation, its path filled in.

    Raises:
        ConfigurationError: A value would change the path itself: it is empty or made of dots.
    """
    url = operation.path
    for name, value in path.items():
        text = "" if value is None or value is UNSET else _text(value)
        if not text.strip("."):
            raise ConfigurationError(
                f"{operation.name}: {name} must not be empty or consist of dots."
            )
        _require_encodable(operation, name, text)
        sent = value if isinstance(value, InPath) else quote(text, safe="")
        url = url.replace(f"{{{name}}}", sent)
    return base_url + url


def _given(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the values that were given, as text; a list becomes a repeated parameter."""
    for name, value in values.items():
        if isinstance(value, list | tuple):
            yield from ((name, _text(one)) for one in value)
        elif value is not UNSET and value is not None:
            yield name, _text(value)


def _query(operation: Operation, values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    query = tuple(_given(values))
    for name, value in query:
        _require_encodable(operation, name, value)
    return query


def _require_encodable(operation: Operation, name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{operation.name}: {name} contains a character that can't be encoded."
        ) from None


def _headers(operation: Operation, values: Mapping[str, object]) -> dict[str, str]:
    """Return the headers that were given, with names spelled like ours: their case is ignored.

    Raises:
        ConfigurationError: A value can't be sent in a header; the error of the transport would say
            less.
    """
    given: dict[str, str] = {}
    for name, value in _given(values):
        if not is_sendable(value):
            raise ConfigurationError(
                f"{operation.name}: {name} must be printable ASCII without spaces around it."
            )
        given[name.title()] = f"{given[name.title()]}, {value}" if name.title() in given else value
    return given
