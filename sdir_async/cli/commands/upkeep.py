"""The commands about this machine: what it sent, whether all is well, what is left over."""

from pathlib import Path
from typing import Annotated

import typer

from ..app import BaseUrl, Json, KeyFile, Where, app, command
from ..settings import Target
from ..trouble import Exit

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="SDIR_DATABASE",
        metavar="DSN",
        help="The PostgreSQL with the journals. Default: PGHOST, PGDATABASE and so on.",
    ),
]


@app.command("log")
@command
def log_(as_json: Json = False) -> Exit:
    """List the uploads from this machine: when, which file, how many records, and where to.

    The log is a file that only you can read. It holds no records.

    Example: `sdir log`
    """
    from ..log import show_log

    return show_log(as_json=as_json)


@app.command()
@command
def doctor(
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """Check the key, the token, the host, the versions and the clock, and say what to do.

    It only reads, and sends no records.

    Example: `sdir doctor --environment production`
    """
    from ..doctor import examine

    return examine(Target(environment, base_url, key_file), as_json=as_json)


@app.command()
@command
def status(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="The files that were uploaded, or their journals."),
    ] = None,
    upload: Annotated[
        str | None,
        typer.Option("--upload", metavar="NAME", help="The name of an upload in a database."),
    ] = None,
    database: Database = None,
    records: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many records the upload has to send, to estimate when it ends.",
        ),
    ] = None,
    watch: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="SECONDS", help="Show it again this often, until it is complete."
        ),
    ] = None,
    as_json: Json = False,
) -> Exit:
    """Show the progress of an upload: its parts, which process has them, and the counts of records.

    It reads journals, of files or of a `PostgresJournal`, also while an upload runs. It needs no
    key and sends no requests. The rate is that of the last minute; for files, only `--watch` shows
    it. If a file of the same name is uploaded every night, the counts are those of the last upload.
    The line "earlier" has those of the uploads before it.

    Example: `sdir status courses.csv`

    Example: `sdir status --upload 2026-11 --database postgresql://db.example/sdir --watch 5`
    """
    from ..status import status as run

    return run(
        files or [],
        upload=upload,
        database=database,
        records=records,
        watch=watch,
        as_json=as_json,
    )


@app.command()
@command
def clean(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="The folder to clean. Default: the current one."),
    ] = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    upload: Annotated[
        str | None,
        typer.Option(
            "--upload", metavar="NAME", help="Remove the journals of this upload from a database."
        ),
    ] = None,
    older_than: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="DAYS",
            help="Remove the journals of all uploads that have not changed for this many days.",
        ),
    ] = None,
    database: Database = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also remove journals of unfinished uploads from a database."),
    ] = False,
) -> Exit:
    """Remove the files that uploads left in a folder. It lists them and asks first.

    These are the journals of finished uploads, files of rejected rows, reports, and drafts of
    interrupted commands. Without its journal, a file can be sent again, and every row is then saved
    twice. So a journal is kept while its file is in the folder. Keep it if you will upload a file
    of that name later. The journal of an unfinished upload is kept, because the upload needs it to
    continue. Rejected rows are kept until each of them is corrected and accepted, unless the input
    still has all of them unchanged. So is the journal that records which of them were sent.

    With `--upload` or `--older-than` it removes the journals of a `PostgresJournal` from a database
    instead, with the outcomes that Spark's tasks stored for them. An upload that is in use is kept.
    So is an unfinished one, unless you add `--force`.

    Example: `sdir clean`

    Example: `sdir clean --older-than 90 --database postgresql://db.example/sdir`
    """
    from ..clean import clean as run
    from ..forget import clean_database

    if upload or older_than:
        return clean_database(database or "", upload=upload, days=older_than, force=force, yes=yes)

    return run(folder, yes=yes)
