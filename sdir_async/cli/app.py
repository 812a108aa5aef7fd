"""What the commands share: options, exit codes, and how errors are shown."""

import functools
import inspect
import json
import os
import sys
import traceback
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
from . import words
from .trouble import MEANINGS, Exit, Trouble
from .words import Language, recast, say

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
    help="Report seafarers' qualifications to Sdir, the Norwegian Maritime Authority, from"
    " spreadsheets and other files.",
    epilog=f"**Exit codes**\n\n{_CODES}",
)


def complete_api(incomplete: str) -> list[str]:
    """Return the APIs that begin like this, for completion in the shell."""
    names = [name.replace("_", "-") for name in VERSIONS]
    return [name for name in names if name.startswith(incomplete.replace("_", "-"))]


Api = Annotated[
    str,
    typer.Argument(
        metavar="API", autocompletion=complete_api, help="The API. `sdir apis` lists them."
    ),
]
VersionName = Annotated[
    str | None,
    typer.Option("--version", metavar="v1", help="The version. Default: the newest."),
]
Where = Annotated[
    Environment,
    typer.Option("--environment", "-e", envvar="SDIR_ENVIRONMENT", help="The environment to use."),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        envvar="SDIR_BASE_URL",
        metavar="URL",
        help="A host to use instead of Sdir's, such as a sandbox: http://127.0.0.1:8400",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="A file with the key. Default: SDIR_API_KEY, then the keyring.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON: one object or event per line.")]
LanguageOption = Annotated[
    Language | None,
    typer.Option(
        "--language",
        envvar="SDIR_LANGUAGE",
        help="The language of messages and files. Help is in English. Default: the system's.",
    ),
]
ShowPersons = Annotated[
    bool, typer.Option("--show-persons", help="Show person numbers instead of masking them.")
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
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def command(function: Callable[..., Exit | None]) -> Callable[..., None]:
    """Make a command end with an exit code, and with a one-line message if it fails.

    It gets an option for the language of its messages.
    """

    @functools.wraps(function)
    def run(*args: Any, language: Language | None = None, **options: Any) -> None:
        words.use(language or words.of_system())
        try:
            code = function(*args, **options) or Exit.DONE
        except Trouble as error:
            code = _say(str(error), error.code, in_json=options.get("as_json", False))
        except SdirError as error:
            code = Exit.USAGE if isinstance(error, _ASKED_WRONG) else Exit.STOPPED
            code = _say(recast(str(error)), code, in_json=options.get("as_json", False))
        except (KeyboardInterrupt, typer.Abort):
            code = Exit.INTERRUPTED
        except Exception as error:  # noqa: BLE001  it is said in one line
            if os.environ.get("SDIR_DEBUG"):
                sys.stderr.write(mask(traceback.format_exc()))
            said = mask(f"{type(error).__name__}: {error}")
            text = say("Internal error: {said}. Set SDIR_DEBUG=1 to see the traceback.", said=said)
            code = _say(text, Exit.STOPPED, in_json=options.get("as_json", False))
        raise typer.Exit(code)

    parameter = inspect.Parameter(
        "language", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=LanguageOption
    )
    signature = inspect.signature(function)
    given = [*signature.parameters.values(), parameter]
    run.__signature__ = signature.replace(parameters=given)  # type: ignore[attr-defined]
    run.__annotations__ = {**function.__annotations__, "language": LanguageOption}
    return run


def _say(text: str, code: Exit, *, in_json: bool) -> Exit:
    line = mask(" ".join(text.split()), shown=2)
    if in_json:
        sys.stdout.write(json.dumps({"event": "error", "message": line, "exit": int(code)}) + "\n")
    else:
        sys.stderr.write(say("sdir: {line}\n", line=line))
    return code
