"""The data source, and what its tasks do: each uploads its buckets, one after another."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, NoReturn

from attrs import frozen
from pyspark.sql.datasource import DataSource, DataSourceArrowWriter, WriterCommitMessage

from ..client import Sdir
from ..errors import ConfigurationError, JournalError, JournalInUse, SdirError, UnknownOutcome
from ..frames import no_locals
from ..postgres import PostgresJournal, PostgresPace
from ..retries import RetryPolicy
from .buckets import LINE, Buckets, layout_of
from .given import given_by, secret_at
from .outcomes import Outcome, Outcomes, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyarrow import RecordBatch
    from pyspark.sql.types import StructType

    from ..upload.report import UploadReport
    from .buckets import Row
    from .given import Given

_PAUSE: Final = 1.0
"""Seconds between two looks at a bucket that another task has."""

logger = logging.getLogger("sdir_async")


class SdirDataSource(DataSource):
    """Reports the rows of a data frame to Sdir: `df.write.format("sdir")`.

    A bucket of the rows (see `bucketed`) is a part of the upload, with a `PostgresJournal`. So a
    task that Spark runs again, or twice at once, and a whole job that runs again, send nothing
    twice. A job whose records are in doubt fails; rejected records don't make it fail.

    | option | what it is |
    |---|---|
    | `api`, `version` | such as `course` and `v1`; required |
    | `upload` | the name of the upload: the same for each run with these rows; required |
    | `operation` | `create` (the default), `update` or `validate` |
    | `environment`, `base_url` | as for `Sdir` |
    | `dsn` | where the database is; by default the variable `SDIR_DATABASE` |
    | `api_key` | the key; by default the variable `SDIR_API_KEY` |
    | `witness` | a record that you know is saved, as JSON; see `upload` |
    | `account` | a name for the subscription: its tasks share a pace, see `PostgresPace` |
    | `settle` | seconds after which a batch that Sdir does not show was not saved: 30 |

    `dsn`, `api_key` and `witness` name an environment variable of the executors, or a file there:
    Spark shows options in its logs. A token comes from `SDIR_MASKINPORTEN_…`, as always.

    Example:
        >>> spark.dataSource.register(SdirDataSource)  # doctest: +SKIP
    """

    @classmethod
    def name(cls) -> str:
        """Return what `format` takes."""
        return "sdir"

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceArrowWriter:
        """Return what writes rows of this schema.

        Raises:
            ConfigurationError: An option is wrong, or the rows are not in buckets.
        """
        with no_locals:
            if overwrite:
                raise ConfigurationError(
                    "Sdir's records can't be overwritten. Use .mode('append')."
                )
            return _Writer(given_by({**self.options}), layout_of(schema))

    def streamWriter(self, schema: StructType, overwrite: bool) -> NoReturn:  # noqa: ARG002, N802
        """Refuse: the rows of a stream have no order.

        Raises:
            ConfigurationError: Always. It says what to do.
        """
        raise ConfigurationError(
            "A stream is written in batches: writeStream.foreachBatch(send), where send(rows,"
            f" number) has {LINE} with the number of the batch in the upload's name."
        )


@frozen
class _Told(WriterCommitMessage):
    """What a task tells the driver."""

    outcomes: tuple[Outcome, ...]


class _Writer(DataSourceArrowWriter):
    def __init__(self, given: Given, layout: Mapping[str, Any]) -> None:
        self._given = given
        self._layout = layout

    def write(self, iterator: Iterator[RecordBatch]) -> WriterCommitMessage:
        """Upload the buckets of a task."""
        with no_locals:
            return _Told(asyncio.run(self._upload_all(Buckets(iterator))))

    def commit(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Say what became of all records.

        Raises:
            UnknownOutcome: Some are in doubt.
        """
        outcomes = [one for told in messages if isinstance(told, _Told) for one in told.outcomes]
        said = f"Upload {self._given.upload!r}: {_sums(outcomes)}."
        if any(one.in_doubt or one.unsent for one in outcomes):
            why = sorted({sentence for one in outcomes for sentence in one.why_in_doubt})
            again = "Write the same rows under the same name again: nothing is sent twice."
            raise UnknownOutcome(" ".join([said, *why, again]))
        is_shown = logger.isEnabledFor(logging.INFO)  # not where nobody set up logging, as in Spark
        is_good = not any(one.rejected for one in outcomes)
        logger.log(logging.INFO if is_good and is_shown else logging.WARNING, "%s", said)

    def abort(self, messages: Sequence[WriterCommitMessage | None]) -> None:  # noqa: ARG002
        """Keep the journal: it knows what was sent."""
        logger.warning(
            "Upload %r ended early. Write the same rows under the same name to go on.",
            self._given.upload,
        )

    async def _upload_all(self, buckets: Buckets) -> tuple[Outcome, ...]:
        if await buckets.first() is None:
            return ()
        given, done = self._given, []
        outcomes = Outcomes(dsn := secret_at(given.dsn), given.upload)
        await outcomes.require(self._layout)
        async with self._sdir(dsn) as sdir:
            while (row := await buckets.first()) is not None:
                try:
                    report = await self._upload(sdir, dsn, buckets, row)
                except (ConfigurationError, JournalError):
                    raise  # another task may know better what became of this bucket
                except SdirError as error:
                    if error.report is not None:
                        await _keep(outcomes, row, error.report)
                    raise
                done.append(await _keep(outcomes, row, report))
        return tuple(done)

    def _sdir(self, dsn: str) -> Sdir:
        given = self._given
        return Sdir(
            secret_at(given.api_key),
            environment=given.environment,  # type: ignore[arg-type]  # it is checked there
            base_url=given.base_url,
            retry=RetryPolicy(settle=float(given.settle)),
            pace=PostgresPace(dsn, account=given.account) if given.account else None,
        )

    async def _upload(self, sdir: Sdir, dsn: str, buckets: Buckets, row: Row) -> UploadReport:
        """Upload a bucket, when no other task has it: Spark may run a task twice at once.

        The one that waits finds that all is sent. Spark takes the first that ends.
        """
        given, part = self._given, str(row.bucket)
        operations = getattr(sdir, given.api)[given.version]
        witness = given.witness and secret_at(given.witness).encode()
        taken, said = buckets.taken, False
        while True:
            try:
                report: UploadReport = await operations.upload(
                    buckets.records(row.bucket, row.size),
                    operation=given.operation,
                    witness=witness,
                    journal=PostgresJournal(dsn, upload=given.upload, part=part),
                )
            except JournalInUse as error:
                if buckets.taken != taken:
                    raise
                if not said:
                    logger.warning("%s This task waits for it.", error)
                said = True
                await asyncio.sleep(_PAUSE)
            else:
                return report


async def _keep(outcomes: Outcomes, row: Row, report: UploadReport) -> Outcome:
    outcome = outcome_of(row.bucket, row.size, report)
    await outcomes.keep(outcome, report.rejections)
    return outcome


def _sums(outcomes: Sequence[Outcome]) -> str:
    names = ("accepted", "rejected", "in_doubt", "unsent")
    counts = (f"{sum(getattr(one, name) for one in outcomes):,} {name}" for name in names)
    buckets = "bucket" if len(outcomes) == 1 else "buckets"
    return f"{len(outcomes)} {buckets}, {', '.join(counts)}".replace("_", " ")
