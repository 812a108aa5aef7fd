"""The commands about files: what to fill in, and sending it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ...document import BatchKind
from ...retries import RetryPolicy
from ..app import Api, BaseUrl, Json, KeyFile, ShowPersons, VersionName, Where, app, command
from ..settings import Target
from ..trouble import Exit

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
        Path | None,
        typer.Option("--map-file", metavar="FILE", help="A file with one `COLUMN=FIELD` per line."),
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out columns that match no field.")
    ] = False,
    sheet: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The sheet of a workbook, if several have matching columns."
        ),
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
            help="Do not check the codes of the records against Sdir's list.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            "-n",
            help="Check the records and send none. Asks Sdir for its codes, if possible.",
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Upload to production without asking for confirmation."),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The file for the journal. Default: a file next to the input."
        ),
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
            help="Upload even if an earlier upload of the file is not finished, rows have changed"
            " since they were accepted, or rows were sent from another file.",
        ),
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The file for rejected rows. Default: a file next to the input."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an HTML page about the upload to this file."),
    ] = None,
    receipt: Annotated[
        Receipt | None,
        typer.Option(
            help="Write a receipt next to the input, such as FILE.receipt.csv: the state of each"
            " row, the identifier that Sdir gave it, and the time."
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, max=64, metavar="N", help="Maximum number of requests at the same time."
        ),
    ] = 8,
    chunk_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of records per request.")
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
        typer.Option(
            min=1,
            metavar="N",
            help="Maximum number of attempts per request, if it is safe to retry.",
        ),
    ] = 6,
    settle: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="How long after a lost answer a record must be missing to count as not saved.",
        ),
    ] = 30.0,
    grace: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="How long to wait for requests in progress after Ctrl-C.",
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
    run the same command again to continue. It sends nothing twice. You can upload a new file with
    the same name every night.

    An upload is complete if the input was read to its end and every record was accepted or
    rejected. Otherwise the summary and the report say "Not complete" and why, the exit code is 2,
    3, 4 or 130, and files that were not begun are named. With `--json` each input has an `end`
    event with `complete`, `ended` (`complete`, `deadline`, `rejected`, `in_doubt`, `cancelled` or
    `error`) and `begun`. The first Ctrl-C waits for requests in progress, a second one stops
    immediately.

    Example: `sdir upload course courses.csv --dry-run`

    Example: `sdir upload course courses.xlsx --map "Deltaker=personalIdentityNumber" --report
    report.html`
    """
    from ..inputs import Wanted
    from ..inputs.text import known_encoding
    from ..options import Options
    from ..refusal import Hints
    from ..uploading import upload as run

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
        BatchKind, typer.Option("--operation", "-o", help="What the file is for.")
    ] = "create",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="The file to write, .csv or .xlsx. Default: CSV on standard output.",
        ),
    ] = None,
    codes: Annotated[
        bool,
        typer.Option("--codes", help="Get the codes from Sdir for a list to choose from in Excel."),
    ] = False,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """Write a file to start with: a column for each field, and an example row.

    A workbook explains its columns in a second sheet, a CSV file in a second file next to it. A
    template on standard output has no example row, and the explanation goes to standard error. The
    example is never sent; delete its row, or overwrite it and empty its last cell. With
    `--language nb` the headings are Norwegian. With `--codes` a workbook offers Sdir's codes to
    choose from.

    Example: `sdir template course --output courses.xlsx`

    Example: `sdir template course --output kurs.xlsx --codes --language nb`

    Example: `sdir template course > courses.csv`
    """
    from ..template import write_template

    target = Target(environment, base_url, key_file) if codes else None
    return write_template(api, version, operation, output, target, as_json=as_json)
