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
pipx install "path/to/the/checkout[cli]"           # or in an environment of its own,
uv tool install "path/to/the/checkout[cli]"        # with pipx or with uv
sdir --install-completion                          # the names of commands and APIs, completed
```

![A terminal: a check, an upload with two rejected rows, their correction](upload.svg)

In PowerShell a key is set with `$env:SDIR_API_KEY = "…"`, in the command prompt of Windows with
`set SDIR_API_KEY=…`; both want double quotes round what has spaces in it, as in
`--map "Avsluttet dato=completedAt"`. What the console can't show is shown with an escape.

## From a spreadsheet to the register

```shell
sdir template course --output courses.xlsx         # a file to begin with
sdir login                                         # the key, once, into the system's keyring
sdir doctor                                        # is all well?
sdir upload course courses.xlsx --dry-run          # check only; nothing is sent
sdir upload course courses.xlsx --report report.html
```

- **Formats** are told by their content: CSV with commas, semicolons or tabs; XLSX, XLSB, XLS and
  ODS workbooks; JSON arrays; JSON Lines; Parquet; each also compressed with gzip or zstd, or alone
  in a zip file. `-` is standard input. Text is UTF-8, UTF-16, or in an old charset that is found
  out (Windows-1252, DOS, Mac), and a name is shown as it will be saved; `--encoding` says which.
- **Headings** are found below a title, in one row or in two. `--header-row` says in which row they
  are. They are matched by name, in any case and spelling, by the last part of a name where it means
  one field, and by the Norwegian names that the API's document gives its fields. For others:
  `--map "Deltaker=person.id"`, or a file of such lines with `--mapping`.
- **Sheets**: only visible ones are read. Where several have such columns, `--sheet` says which, or
  `--all-sheets`. Hidden rows are sent, which is said before; `--visible-rows` leaves them out.
- **Values** are understood or refused, and never changed into others that merely pass. Whatever
  could be read in two ways (`1.000`, `05/06/2024`) is read by the one rule that fits all values of
  its column, else refused; `--decimal` and `--dates` say which rule it is. Of standard input the
  rest of a column can't be known, so there it is refused unless an option says it.
- **Dates** may be `2024-05-31`, `31.05.2024`, `31.5.24`, `31. mai 2024`, `20240531` or Excel's own.
  A number is a date only where other cells of its column are dates. Where a time is wanted and none
  is given, it is midnight UTC; a time without an offset is Norwegian.
- **Person numbers** may have spaces, dots or a hyphen in them. One leading zero that Excel dropped
  is put back where day, month and check digits fit then, and that is said. Numbers that Excel
  rounded (`1.23E+10`) are refused.
- **Before anything is sent**, a file is read once to its end: rows that come twice, dates in the
  wrong order, and codes that Sdir does not list are said. `--no-codes` asks Sdir for no codes.
- **Rejected rows** are written beside the input, in its format, as they stood, with the reasons in
  two more columns. Correct them there, and upload that file; the added columns are not sent. A file
  that somebody has changed is not overwritten.
- **The journal** beside the input (mode 0600, without numbers or names of persons) lets the same
  command go on after Ctrl-C, a crash or a lost network, and never sends twice. Don't remove it
  before the upload is whole. Standard input has none unless `--journal` names one. `sdir clean`
  removes what uploads left.
- **The key** comes from `--key-file`, `SDIR_API_KEY` or the keyring, in this order. A file may hold
  a second one in its second line.
- **On screen** and in the report, person numbers are starred out, unless `--show-persons` is given.

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
