"""The command line: what its commands share, and how each of them ends."""

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from .._version import __version__
from ..api import VERSIONS
from ..client import Environment
from ..errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    SdirError,
)
from ..privacy import mask
from .trouble import MEANINGS, Exit, Trouble

_ASKED_WRONG: Final = (
    AuthenticationError,
    ConfigurationError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
_CODES: Final = "\n\n".join(f"`{code.value}` {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="sdir",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reports seafarers' qualifications to Sdir, the Norwegian Maritime Authority: from a"
    " spreadsheet to the register.",
    epilog=f"**Exit codes**\n\n{_CODES}",
)


def complete_api(incomplete: str) -> list[str]:
    """Return the APIs that begin like this, for the shell."""
    names = [name.replace("_", "-") for name in VERSIONS]
    return [name for name in names if name.startswith(incomplete.replace("_", "-"))]


Api = Annotated[
    str,
    typer.Argument(
        metavar="API", autocompletion=complete_api, help="Which API; `sdir apis` lists them."
    ),
]
VersionName = Annotated[
    str | None,
    typer.Option("--version", metavar="v1", help="Which version; the newest if not given."),
]
Where = Annotated[
    Environment,
    typer.Option("--environment", "-e", envvar="SDIR_ENVIRONMENT", help="Which Sdir."),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        envvar="SDIR_BASE_URL",
        metavar="URL",
        help="Another host instead of Sdir's, such as a sandbox: http://127.0.0.1:8400",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file", help="A file with the key; else it is in SDIR_API_KEY, or in the keyring."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Write JSON for programs: an object, or an event, a line.")
]
ShowPersons = Annotated[
    bool, typer.Option("--show-persons", help="Show person numbers whole, and don't star them out.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"sdir-async {__version__}\n")
        raise typer.Exit


@app.callback()
def _about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version, and exit."
        ),
    ] = False,
) -> None:
    pass


def command(function: Callable[..., Exit | None]) -> Callable[..., None]:
    """Make a command end with an exit code, and with one line where something is wrong."""

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> None:
        try:
            code = function(*args, **options) or Exit.DONE
        except Trouble as error:
            code = _say(str(error), error.code, in_json=options.get("as_json", False))
        except SdirError as error:
            code = Exit.USAGE if isinstance(error, _ASKED_WRONG) else Exit.STOPPED
            code = _say(str(error), code, in_json=options.get("as_json", False))
        except (KeyboardInterrupt, typer.Abort):
            code = Exit.INTERRUPTED
        except Exception as error:
            if os.environ.get("SDIR_DEBUG"):
                raise
            said = mask(f"{type(error).__name__}: {error}")
            text = f"This is a fault of ours: {said}. With SDIR_DEBUG=1 it says where."
            code = _say(text, Exit.STOPPED, in_json=options.get("as_json", False))
        raise typer.Exit(code)

    return run


def _say(text: str, code: Exit, *, in_json: bool) -> Exit:
    line = mask(" ".join(text.split()), shown=2)
    if in_json:
        sys.stdout.write(json.dumps({"event": "error", "message": line, "exit": int(code)}) + "\n")
    else:
        sys.stderr.write(f"sdir: {line}\n")
    return code
