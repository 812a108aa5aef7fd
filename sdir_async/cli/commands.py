"""The commands, with their options and their help; what they do is in the modules they call."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..document import BatchKind
from ..retries import RetryPolicy
from .app import Api, BaseUrl, Json, KeyFile, ShowPersons, VersionName, Where, app, command
from .settings import Target, remove_from_keyring, store_in_keyring
from .trouble import Exit, Trouble

Decimal = Literal[",", "."]
DateOrder = Literal["dmy", "mdy"]


@app.command()
@command
def upload(
    api: Api,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="What to upload; `-` is standard input.")
    ],
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    operation: Annotated[
        BatchKind,
        typer.Option("--operation", "-o", help="What to do; `validate` saves nothing."),
    ] = "create",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            "-m",
            metavar="COLUMN=FIELD",
            help="Which field a column is; `COLUMN=` leaves it out. Several may be given.",
        ),
    ] = None,
    mapping_file: Annotated[
        Path | None, typer.Option("--mapping", help="A file with a `COLUMN=FIELD` in each line.")
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out columns that are no field.")
    ] = False,
    sheet: Annotated[
        str | None, typer.Option(help="Which sheet of a workbook, where several have such columns.")
    ] = None,
    all_sheets: Annotated[
        bool, typer.Option("--all-sheets", help="All visible sheets that have such columns.")
    ] = False,
    visible_rows: Annotated[
        bool, typer.Option("--visible-rows", help="Leave out rows that are hidden or filtered out.")
    ] = False,
    header_row: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="In which row the headings are, if it is not clear."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Of a CSV file: windows-1252, cp850, … if not found out."
        ),
    ] = None,
    decimal: Annotated[
        Decimal | None,
        typer.Option(help="What separates decimals, where numbers could be read in two ways."),
    ] = None,
    dates: Annotated[
        DateOrder | None,
        typer.Option(help="What is first in dates such as 05/06/2024: the day or the month."),
    ] = None,
    no_codes: Annotated[
        bool,
        typer.Option(
            "--no-codes",
            envvar="SDIR_NO_CODES",
            help="Don't ask Sdir for its codes, to say which of the records' are not among them.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Check only; no request is sent.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Report to production without asking.")
    ] = False,
    journal: Annotated[
        Path | None, typer.Option(help="Where to keep the journal; beside the input if not given.")
    ] = None,
    no_journal: Annotated[
        bool, typer.Option("--no-journal", help="Keep none: a broken upload can't go on.")
    ] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Where to write the rejected rows; beside the input.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page for a browser that tells what happened.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")] = 8,
    chunk_size: Annotated[int, typer.Option(min=1, help="Records in a request, at most.")] = 500,
    deadline: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="Stop after so long.")
    ] = None,
    stop_on_rejected: Annotated[
        bool, typer.Option("--stop-on-rejected", help="Send nothing more after a rejection.")
    ] = False,
    attempts: Annotated[
        int, typer.Option(min=1, help="How often a request is tried, where that is safe.")
    ] = 6,
    settle: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="After a lost answer: how long a record must be absent to count as not saved.",
        ),
    ] = 30.0,
    grace: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="After Ctrl-C: wait so long for answers."),
    ] = 20.0,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """Upload files of any size: CSV, XLSX, XLS, ODS, JSON, JSON Lines or Parquet, also compressed.

    Columns are matched to fields by their names: `person.firstName`, `person_first_name` or
    `firstName`, in any case. What does not match is said before anything is sent; `--map` puts it
    right. `sdir template API` writes a file to begin with.

    Rejected rows are written to FILE.rejected.csv (or .xlsx, …) with the reasons: correct them
    there, and upload that file. A journal is kept beside the input: run the same command again, and
    it goes on where it was, sending nothing twice. Ctrl-C stops in order, a second one at once.

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
            api,
            tuple(files),
            Target(environment, base_url, key_file),
            version,
            operation,
            tuple(mapping or ()),
            mapping_file,
            skip_unknown,
            Wanted(
                header_row=header_row,
                encoding=known_encoding(encoding) if encoding is not None else None,
                sheet=sheet,
                all_sheets=all_sheets,
                only_visible=visible_rows,
            ),
            Hints(decimal or "", dates or "", told=decimal is not None),
            journal,
            no_journal,
            rejected,
            report,
            settings,
            RetryPolicy(attempts=attempts, settle=settle),
            grace,
            dry_run,
            yes,
            show_persons,
            as_json,
            no_codes,
        )
    )


@app.command()
@command
def template(
    api: Api,
    version: VersionName = None,
    operation: Annotated[
        BatchKind, typer.Option("--operation", "-o", help="What the records are for.")
    ] = "create",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", help="A file to write, .csv or .xlsx; CSV on screen if not given."
        ),
    ] = None,
    as_json: Json = False,
) -> Exit:
    """Write a file to begin with: a column for each field, and what each of them means.

    A workbook explains its columns in a second sheet, a CSV file in a second file beside it; on
    screen, the explanation goes to standard error.

    Example: `sdir template course --output courses.xlsx`

    Example: `sdir template course > courses.csv`
    """
    from .template import write_template

    return write_template(api, version, operation, output, as_json=as_json)


@app.command()
@command
def apis(as_json: Json = False) -> Exit:
    """List the APIs, their versions, and what each can do; needs no key and no network.

    Example: `sdir apis`
    """
    from .ask import show_apis

    return show_apis(as_json=as_json)


@app.command()
@command
def codes(
    api: Api,
    search: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Only codes that have this in them.")
    ] = None,
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """List the codes that records may have; Sdir adds to them now and then.

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
    uid: Annotated[str, typer.Argument(metavar="UID", help="What Sdir named the record.")],
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
            help="Only these; `FILTER=-` asks for the value, so that no list of commands has it.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """List what was reported.

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
def login(environment: Where = "test") -> Exit:
    """Put the key into the system's keyring, where the other commands find it.

    It is asked for and not shown; where there is no terminal, it is read from standard input. A
    secondary key may follow in a second line, or after a space.

    Example: `sdir login --environment production`
    """
    if sys.stdin.isatty():
        key = str(typer.prompt(f"Subscription key for {environment}", hide_input=True, err=True))
    else:
        key = sys.stdin.read()
    store_in_keyring(environment, key)
    sys.stderr.write(f"The key for {environment} is in the keyring now.\n")
    return Exit.DONE


@app.command()
@command
def logout(environment: Where = "test") -> Exit:
    """Remove the key from the system's keyring.

    Example: `sdir logout`
    """
    if not remove_from_keyring(environment):
        raise Trouble(f"The keyring has no key for {environment}.")
    sys.stderr.write(f"The key for {environment} is no longer in the keyring.\n")
    return Exit.DONE


@app.command()
@command
def doctor(
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """Look whether all is well: the key, the host, the versions, the clock; say what to do if not.

    Nothing is reported: only harmless questions are asked.

    Example: `sdir doctor --environment production`
    """
    from .doctor import examine

    return examine(Target(environment, base_url, key_file), as_json=as_json)


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


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
@command
def sandbox(context: typer.Context) -> Exit:
    """Start a local Sdir to try things with; `sdir sandbox --help` lists its options.

    It is an extra of its own: `pip install "sdir-async[cli,sandbox]"`.

    Example: `sdir sandbox --port 8400`
    """
    try:
        from ..sandbox.__main__ import main
    except ModuleNotFoundError as error:
        raise Trouble(str(error)) from None
    return Exit(Exit.STOPPED if main(context.args) else Exit.DONE)
