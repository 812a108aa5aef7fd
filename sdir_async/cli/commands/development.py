"""The commands for developers."""

from pathlib import Path
from typing import Annotated

import typer

from ..app import app, command
from ..trouble import Exit, Trouble


@app.command()
@command
def generate(
    documents: Annotated[
        Path,
        typer.Option(
            "--documents", metavar="FOLDER", help="The documents, such as FOLDER/fleet/v1.yaml."
        ),
    ],
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="The package to write.")],
) -> Exit:
    """Generate a Python package with its own `Sdir` from your own OpenAPI documents.

    Run it again when a document changes. It lists what a document has that the code can't offer.
    It needs an extra: `pip install "sdir-async[cli,generate]"`.

    Example: `sdir generate --documents documents --into fleet_api`
    """
    from ..generate import generate_package

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
        from ...sandbox.__main__ import main
    except ModuleNotFoundError as error:
        raise Trouble(str(error)) from None
    return Exit(Exit.STOPPED if main(context.args) else Exit.DONE)
