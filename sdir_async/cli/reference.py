"""Writes `docs/cli.md` from the help of the commands: `python -m sdir_async.cli.reference`."""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from .main import app
from .trouble import MEANINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRO: Final = """\
# The command `sdir`

Generated from the help of the commands by `python -m sdir_async.cli.reference > docs/cli.md`. Do
not edit.

```shell
pip install "path/to/the/checkout[cli]"            # the command
pip install "path/to/the/checkout[cli,parquet]"    # and Parquet files
sdir --install-completion                          # the names of commands and APIs, completed
```

![A terminal: a check, an upload with two rejected rows, their correction](upload.svg)

## From a spreadsheet to the register

```shell
sdir template course --output courses.xlsx         # a file to begin with
sdir login                                         # the key, once, into the system's keyring
sdir doctor                                        # is all well?
sdir upload course courses.xlsx --dry-run          # check only; nothing is sent
sdir upload course courses.xlsx --report report.html
```

- **Formats** are told by their content: CSV with commas, semicolons or tabs, in UTF-8 or
  Windows-1252; XLSX; JSON arrays; JSON Lines; Parquet; each also compressed with gzip. `-` is
  standard input. Files are read as they are sent, whatever their size.
- **Columns** are matched by name, in any case and spelling, and by the last part of a name where it
  means one field. For others: `--map "Etternavn=person.lastName"`, or a file of such lines with
  `--mapping`. Whatever does not fit is said before anything is sent.
- **Dates** may be `2024-05-31`, `31.05.2024` or Excel's own. Where a time is wanted and none is
  given, it is midnight UTC; a time without an offset is Norwegian.
- **Leading zeros** that Excel dropped from a person number are put back where the check digits fit
  then, and that is said.
- **Rejected rows** are written beside the input, in its format, as they stood, with the reasons in
  two more columns. Correct them there, and upload that file; the added columns are not sent. A file
  that somebody has changed is not overwritten.
- **The journal** beside the input (mode 0600, without personal data) lets the same command go on
  after Ctrl-C, a crash or a lost network, and never sends twice. Don't remove it before the upload
  is whole. Standard input has none unless `--journal` names one.
- **The key** comes from `--key-file`, `SDIR_API_KEY` or the keyring, in this order. A file may hold
  a second one in its second line.
- **Person numbers** are starred out on screen and in the report, unless `--show-persons` is given.

## Exit codes

| code | it means |
|---|---|
"""


def pages() -> str:
    """Return the whole page."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("sdir", [], resilient_parsing=True)
    codes = "".join(f"| {code.value} | {said} |\n" for code, said in MEANINGS.items())
    commands = [
        "".join(_command(name, group.get_command(context, name)))
        for name in group.list_commands(context)
    ]
    events = (
        "\nWith `--json`, `sdir upload` writes an event a line: `begin`, `progress`, `rejected`,"
        " `warning`,\n`note`, `error` and `end`, which has the counts and the exit code.\n"
    )
    return _INTRO + codes + events + "".join(commands)


def _command(name: str, command: Any) -> Iterator[str]:
    """Yield what the page says of a command."""
    yield f"\n## `sdir {name}`\n\n"
    about, _, examples = inspect.cleandoc(command.help or "").partition("Example:")
    yield about.strip() + "\n"
    found = re.findall(r"`([^`]+)`", f"Example:{examples}")
    lines = [" ".join(one.split()) for one in found if one.startswith("sdir ")]
    if lines:
        yield "\n```shell\n" + "\n".join(lines) + "\n```\n"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    yield from _table("argument", arguments)
    yield from _table("option", [one for one in options if one.name != "help"])


def _table(what: str, parameters: list[Any]) -> Iterator[str]:
    if parameters:
        yield f"\n| {what} | |\n|---|---|\n"
    for one in parameters:
        yield f"| {_name(one)} | {_about(one)} |\n"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name}`"
    names = ", ".join(f"`{name}`" for name in sorted(parameter.opts, key=len, reverse=True))
    if parameter.is_flag:
        return names
    choices = getattr(parameter.type, "choices", None)
    value = "\\|".join(map(str, choices)) if choices else _value(parameter)
    return f"{names} {value}"


def _value(parameter: Any) -> str:
    kind = parameter.type.name
    word = "N" if kind.startswith("int") else "FILE" if kind == "path" else "TEXT"
    return str(parameter.metavar or word)


def _about(parameter: Any) -> str:
    about = " ".join((parameter.help or "").split())
    if parameter.param_type_name == "argument" or parameter.is_flag:
        return about
    if parameter.default not in (None, [], ()):
        about += f" Default: `{parameter.default}`."
    if parameter.envvar:
        about += f" Environment: `{parameter.envvar}`."
    return about


if __name__ == "__main__":
    sys.stdout.write(pages())
