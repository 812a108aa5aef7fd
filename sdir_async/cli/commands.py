"""The commands with their options and help. The modules that they call do the work."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..document import BatchKind
from ..retries import RetryPolicy
from .app import Api, BaseUrl, Json, KeyFile, ShowPersons, VersionName, Where, app, command
from .maskinporten import entry_of
from .settings import Target, remove_from_keyring, store_in_keyring, store_password
from .trouble import Exit, Trouble
from .words import say, unsaid

Decimal = Literal[",", "."]
DateOrder = Literal["dmy", "mdy"]
Receipt = Literal["csv", "xlsx", "jsonl"]


@app.command()
@command
def upload(
    api: Api,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="The files to upload. `-` is standard input."),
    ],
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    operation: Annotated[
        BatchKind,
        typer.Option("--operation", "-o", help="What to do. `validate` saves nothing."),
    ] = "create",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            "-m",
            metavar="COLUMN=FIELD",
            help="The field for a column. `COLUMN=` leaves the column out. Can be repeated.",
        ),
    ] = None,
    mapping_file: Annotated[
        Path | None, typer.Option("--mapping", help="A file with one `COLUMN=FIELD` per line.")
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out columns that match no field.")
    ] = False,
    sheet: Annotated[
        str | None,
        typer.Option(help="The sheet of a workbook, if several have matching columns."),
    ] = None,
    all_sheets: Annotated[
        bool, typer.Option("--all-sheets", help="Upload all visible sheets with matching columns.")
    ] = False,
    visible_rows: Annotated[
        bool, typer.Option("--visible-rows", help="Leave out hidden and filtered rows.")
    ] = False,
    header_row: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The row with the headings. Default: detected."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The encoding of a CSV file, such as cp850. Default: detected.",
        ),
    ] = None,
    decimal: Annotated[
        Decimal | None,
        typer.Option(help="The decimal separator, if numbers are ambiguous."),
    ] = None,
    dates: Annotated[
        DateOrder | None,
        typer.Option(help="The order of day and month in dates such as 05/06/2024."),
    ] = None,
    no_codes: Annotated[
        bool,
        typer.Option(
            "--no-codes",
            envvar="SDIR_NO_CODES",
            help="Do not get the list of codes from Sdir to check the records' codes against it.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only check the records. Nothing is sent.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Upload to production without asking for confirmation."),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(help="The file for the journal. Default: a file next to the input."),
    ] = None,
    no_journal: Annotated[
        bool,
        typer.Option(
            "--no-journal", help="Keep no journal. An interrupted upload can't be continued."
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Upload although an earlier upload of the file was not finished, or rows have"
            " changed after they were accepted.",
        ),
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option(help="The file for rejected rows. Default: a file next to the input."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write an HTML page about the upload to this file.")
    ] = None,
    receipt: Annotated[
        Receipt | None,
        typer.Option(
            help="Write a receipt next to the input, FILE.receipt.csv or the like: for each row its"
            " state, the identifier that Sdir gave it, and the time."
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Maximum number of requests at the same time.")
    ] = 8,
    chunk_size: Annotated[
        int, typer.Option(min=1, help="Maximum number of records per request.")
    ] = 500,
    deadline: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="SECONDS", help="Stop all uploads after this time."),
    ] = None,
    stop_on_rejected: Annotated[
        bool,
        typer.Option("--stop-on-rejected", help="Stop all uploads at the first rejected record."),
    ] = False,
    attempts: Annotated[
        int,
        typer.Option(min=1, help="Maximum number of attempts per request, if it is safe to retry."),
    ] = 6,
    settle: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="After a lost answer: how long a record must be missing to count as not saved.",
        ),
    ] = 30.0,
    grace: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="After Ctrl-C: how long to wait for requests in progress.",
        ),
    ] = 20.0,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """Upload files of any size: CSV, XLSX, XLS, ODS, JSON, JSON Lines or Parquet, also compressed.

    Columns are matched to fields by name: `person.firstName`, `person_first_name` or `firstName`,
    in any case. Columns that do not match are reported before anything is sent; use `--map` for
    them. `sdir template API` writes a file to start with.

    Rejected rows are written to FILE.rejected.csv (or .xlsx, …) with the reasons. Correct them
    there and upload that file. A journal is kept next to the input: if the upload is interrupted,
    run the same command again to continue. It sends nothing twice. The file can be another one with
    the same name every night.

    An upload is complete if the input was read to its end and every record was accepted or
    rejected. Otherwise the summary and the report say "Not complete" and why, the exit code is 2,
    3, 4 or 130, and files that were never begun are named. With `--json` each input has an `end`
    event with `complete`, `ended` (`complete`, `deadline`, `rejected`, `in_doubt`, `cancelled` or
    `error`) and `begun`. The first Ctrl-C waits for requests in progress, a second one stops
    immediately.

    Example: `sdir upload course courses.csv --dry-run`

    Example: `sdir upload course courses.xlsx --map "Deltaker=personalIdentityNumber" --report
    report.html`
    """
    from .inputs import Wanted
    from .inputs.text import known_encoding
    from .refusal import Hints
    from .uploading import Options
    from .uploading import upload as run

    settings = {
        "concurrency": concurrency,
        "chunk_size": chunk_size,
        "deadline": deadline,
        "on_rejected": "stop" if stop_on_rejected else "isolate",
    }
    return run(
        Options(
            api=api,
            files=tuple(files),
            target=Target(environment, base_url, key_file),
            version=version,
            operation=operation,
            mapping=tuple(mapping or ()),
            mapping_file=mapping_file,
            skip_unknown=skip_unknown,
            wanted=Wanted(
                header_row=header_row,
                encoding=known_encoding(encoding) if encoding is not None else None,
                sheet=sheet,
                all_sheets=all_sheets,
                only_visible=visible_rows,
            ),
            hints=Hints(decimal or "", dates or "", told=decimal is not None),
            journal=journal,
            no_journal=no_journal,
            force=force,
            rejected=rejected,
            report=report,
            receipt=receipt,
            settings=settings,
            retry=RetryPolicy(attempts=attempts, settle=settle),
            grace=grace,
            dry_run=dry_run,
            yes=yes,
            show_persons=show_persons,
            json=as_json,
            no_codes=no_codes,
        )
    )


@app.command()
@command
def template(
    api: Api,
    version: VersionName = None,
    operation: Annotated[
        BatchKind, typer.Option("--operation", "-o", help="What to do with the records.")
    ] = "create",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", help="The file to write, .csv or .xlsx. Default: CSV on standard output."
        ),
    ] = None,
    codes: Annotated[
        bool,
        typer.Option("--codes", help="Get the codes from Sdir, to choose from in Excel."),
    ] = False,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """Write a file to start with: it has a column for each field, and an example.

    A workbook explains its columns in a second sheet, a CSV file in a second file next to it. On
    standard output there is no example, and the explanation goes to standard error. The example is
    never sent; delete its row, or overwrite it and empty its last cell. With `--language nb` the
    headings are Norwegian. With `--codes` a workbook offers Sdir's codes to choose from.

    Example: `sdir template course --output courses.xlsx`

    Example: `sdir template course --output kurs.xlsx --codes --language nb`

    Example: `sdir template course > courses.csv`
    """
    from .template import write_template

    target = Target(environment, base_url, key_file) if codes else None
    return write_template(api, version, operation, output, target, as_json=as_json)


@app.command()
@command
def apis(as_json: Json = False) -> Exit:
    """List the APIs, their versions and operations. This needs no key and no network.

    Example: `sdir apis`
    """
    from .ask import show_apis

    return show_apis(as_json=as_json)


@app.command()
@command
def codes(
    api: Api,
    search: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Show only codes that contain this text.")
    ] = None,
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """List the codes that records can use. Sdir adds new ones from time to time.

    Example: `sdir codes course`

    Example: `sdir codes seagoing styrmann`
    """
    from .ask import show_codes

    target = Target(environment, base_url, key_file)
    return show_codes(api, version, search, target, as_json=as_json)


@app.command()
@command
def get(
    api: Api,
    uid: Annotated[
        str, typer.Argument(metavar="UID", help="The identifier that Sdir gave the record.")
    ],
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """Show one reported record.

    Example: `sdir get course 3fa85f64-5717-4562-b3fc-2c963f66afa6`
    """
    from .ask import show_one

    target = Target(environment, base_url, key_file)
    return show_one(api, version, uid, target, show_persons=show_persons, as_json=as_json)


@app.command("list")
@command
def list_(
    api: Api,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="FILTER=VALUE",
            help="Show only matching records. `FILTER=-` asks for the value, to keep it out of the"
            " shell history. Can be repeated.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of records.")] = 100,
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """List reported records.

    Example: `sdir list course --limit 10`

    Example: `sdir list course --where personId=-`
    """
    from .ask import show_list

    target = Target(environment, base_url, key_file)
    wanted = tuple(where or ())
    return show_list(
        api, version, wanted, limit, target, show_persons=show_persons, as_json=as_json
    )


@app.command()
@command
def login(
    environment: Where = "test",
    maskinporten: Annotated[
        bool,
        typer.Option(
            "--maskinporten", help="Store the password of the key for Maskinporten instead."
        ),
    ] = False,
) -> Exit:
    """Store the key in the system's keyring, where the other commands find it.

    The command asks for the key and does not show it. Without a terminal it reads the key from
    standard input. A secondary key can follow on a second line or after a space. With
    `--maskinporten` it stores the password of the key file for Maskinporten, which `sdir.toml`
    names.

    Example: `sdir login --environment production`
    """
    asked = (
        say("Password of the key for Maskinporten for {environment}", environment=environment)
        if maskinporten
        else say("Subscription key for {environment}", environment=environment)
    )
    if sys.stdin.isatty():
        secret = str(typer.prompt(asked, hide_input=True, err=True))
    else:
        secret = sys.stdin.read()
    if maskinporten:
        store_password(environment, secret)
        said = unsaid("The password for {environment} is stored in the keyring.\n")
    else:
        store_in_keyring(environment, secret)
        said = unsaid("The key for {environment} is stored in the keyring.\n")
    sys.stderr.write(say(said, environment=environment))
    return Exit.DONE


@app.command()
@command
def logout(environment: Where = "test") -> Exit:
    """Remove the key, and the password of the key for Maskinporten, from the system's keyring.

    Example: `sdir logout`
    """
    entries = (environment, entry_of(environment))
    removed = [remove_from_keyring(entry) for entry in entries]
    if not any(removed):
        raise Trouble("The keyring has no key for {environment}.", environment=environment)
    said = say("The key for {environment} was removed from the keyring.\n", environment=environment)
    sys.stderr.write(said)
    return Exit.DONE


@app.command("log")
@command
def log_(as_json: Json = False) -> Exit:
    """List what this machine has sent: when, which file, how many, and where to.

    Each upload adds a line, for this user alone; no record is in it.

    Example: `sdir log`
    """
    from .log import show_log

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
    from .doctor import examine

    return examine(Target(environment, base_url, key_file), as_json=as_json)


@app.command()
@command
def status(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="JOURNAL…", help="The files of journals, such as a.csv.journal."),
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
        typer.Option(min=1, help="How many records there are in all, to estimate the end."),
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
    the second look of `--watch` on.

    Example: `sdir status courses.csv.journal`

    Example: `sdir status --upload 2026-11 --database postgresql://db.example/sdir --watch 5`
    """
    from .status import status as run

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
) -> Exit:
    """Remove what uploads left in a folder: it lists the files, and asks.

    That is the journals of finished uploads, files of rejected rows, reports, and drafts of
    interrupted commands. The journal of an upload that is not finished stays: without it the upload
    can't go on.

    Example: `sdir clean`
    """
    from .clean import clean as run

    return run(folder, yes=yes)


@app.command()
@command
def generate(
    documents: Annotated[
        Path,
        typer.Option(
            "--documents", metavar="FOLDER", help="The documents, such as FOLDER/fleet/v1.yaml."
        ),
    ],
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="The package to make or to renew.")
    ],
) -> Exit:
    """Make a Python package from OpenAPI documents of your own, with an `Sdir` of its own.

    Run it again when a document changes. What a document has and the code can't offer is listed.
    It needs an extra: `pip install "sdir-async[cli,generate]"`.

    Example: `sdir generate --documents documents --into fleet_api`
    """
    from .generate import generate_package

    return generate_package(documents, into)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
@command
def sandbox(context: typer.Context) -> Exit:
    """Start a local Sdir for development and tests. `sdir sandbox --help` lists its options.

    It needs an extra: `pip install "sdir-async[cli,sandbox]"`.

    Example: `sdir sandbox --port 8400`
    """
    try:
        from ..sandbox.__main__ import main
    except ModuleNotFoundError as error:
        raise Trouble(str(error)) from None
    return Exit(Exit.STOPPED if main(context.args) else Exit.DONE)
