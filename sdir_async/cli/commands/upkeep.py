"""The commands about this machine: what it sent, whether all is well, what is left over."""

from pathlib import Path
from typing import Annotated

import typer

from ..app import BaseUrl, Json, KeyFile, Where, app, command
from ..settings import Target
from ..trouble import Exit


@app.command("log")
@command
def log_(as_json: Json = False) -> Exit:
    """List what this machine has sent: when, which file, how many, and where to.

    Each upload adds a line, for this user alone; no record is in it.

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

    The command only reads. It reports nothing to Sdir.

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
        str | None, typer.Option("--upload", help="The name of an upload in a database.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            envvar="SDIR_DATABASE",
            metavar="DSN",
            help="The PostgreSQL with the journals. Default: PGHOST, PGDATABASE and so on.",
        ),
    ] = None,
    records: Annotated[
        int | None,
        typer.Option(min=1, help="How many records the upload has to send, to estimate the end."),
    ] = None,
    watch: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="Look again so often, until it is complete."),
    ] = None,
    as_json: Json = False,
) -> Exit:
    """Show how far an upload is: its parts, who has them, and what became of the records.

    It reads journals: files, also while they are in use, or those of a `PostgresJournal`. It needs
    no key and asks nothing of Sdir. The rate is that of the last minute; for files it is known from
    the second look of `--watch` on. If a file of the same name is uploaded every night, the counts
    are those of the last upload, with what it had to send; the line "earlier" has those before it.

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
        Path, typer.Argument(metavar="FOLDER", help="Where to look; the current one if not given.")
    ] = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    upload: Annotated[
        str | None,
        typer.Option("--upload", help="Remove the journals of this upload from a database."),
    ] = None,
    older_than: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="DAYS",
            help="Remove those of all uploads to which nothing was added for so long.",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            envvar="SDIR_DATABASE",
            metavar="DSN",
            help="The PostgreSQL with the journals. Default: PGHOST, PGDATABASE and so on.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove journals of unfinished uploads, too.")
    ] = False,
) -> Exit:
    """Remove what uploads left in a folder: it lists the files, and asks.

    That is the journals of finished uploads, files of rejected rows, reports, and drafts of
    interrupted commands. Without its journal, a file that was uploaded can be sent again, and all
    of it is saved twice. So the journal stays while a file of that name is beside it; keep it while
    another one may come. The journal of an upload that is not finished stays: without it the upload
    can't go on. Rejected rows stay until each of them was corrected and accepted, unless all of
    them stand in the input as they are; so does the journal that knows which of them were sent.

    With --upload or --older-than it removes the journals of a `PostgresJournal` from a database
    instead. An upload that is in use stays, and so does one that is not finished, without --force.

    Example: `sdir clean`

    Example: `sdir clean --older-than 90 --database postgresql://db.example/sdir`
    """
    from ..clean import clean as run
    from ..forget import clean_database

    if upload or older_than:
        return clean_database(database or "", upload=upload, days=older_than, force=force, yes=yes)

    return run(folder, yes=yes)
