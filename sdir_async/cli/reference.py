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
<!-- Written from the help of the commands: python -m sdir_async.cli.reference > docs/cli.md -->

# The command `sdir`

`sdir` uploads spreadsheets and files of JSON, says what became of each row, and lists what Sdir has
saved. To learn it step by step, begin with [From a spreadsheet](spreadsheet.md).

```shell
pip install "path/to/the/checkout[cli]"            # the command
pip install "path/to/the/checkout[cli,parquet]"    # and Parquet files
pipx install "path/to/the/checkout[cli]"           # or in an environment of its own,
uv tool install "path/to/the/checkout[cli]"        # with pipx or with uv
sdir --install-completion                          # completion of commands and APIs in your shell
```

![A terminal: a check, an upload with two rejected rows, their correction](upload.svg)

On Windows, set a key with `$env:SDIR_API_KEY = "…"` in PowerShell, or with `set SDIR_API_KEY=…` in
the command prompt. Both require double quotes around text with spaces, as in
`--map "Avsluttet dato=completedAt"`. A character that the console cannot show is printed as an
escape.

## Upload a spreadsheet

```shell
sdir template course --output courses.xlsx         # a file to start with
sdir login                                         # once: store the key in the system's keyring
sdir doctor                                        # check the key, the host and the versions
sdir upload course courses.xlsx --dry-run          # only check; nothing is sent
sdir upload course courses.xlsx --report report.html
```

- **Formats** are detected from the content: CSV with commas, semicolons or tabs; XLSX, XLSB, XLS
  and ODS workbooks; JSON arrays; JSON Lines; Parquet. Each can be compressed with gzip or zstd, or
  be the only file in a zip file. `-` is standard input.
- **Encodings** are detected too: UTF-8, UTF-16, or an older one (Windows-1252, DOS, Mac). For an
  older one, a message shows a name as it will be saved. `--encoding` sets the encoding.
- **Headings** can be below a title, and in one row or in two. `--header-row` sets their row. They
  are matched by name, in any case and spelling, by the last part of a name if only one field has
  it, and by the Norwegian names that the API's document gives its fields. For other names use
  `--map "Deltaker=person.id"`, or `--map-file` with a file of such lines.
- **Sheets** are read only if they are visible. If several sheets have matching columns, choose one
  with `--sheet`, or use `--all-sheets`. Hidden rows and columns are sent, with a
  message before; `--visible-rows` leaves hidden rows out. Of merged cells only the first has a
  value, so rows with the others are refused.
- **Values** are understood or refused. They are never changed to another value that happens to be
  valid. A value with two readings (`1.000`, `05/06/2024`) is read by the one rule that fits all
  values of its column, and is refused if no rule fits; `--decimal` and `--dates` set the
  rule. The rest of a column is not known on standard input, so such a value is refused there unless
  you set the rule.
- **Dates** can be `2024-05-31`, `31.05.2024`, `31.5.24`, `31. mai 2024`, `20240531` or Excel's own
  dates. A number is a date only if other cells of its column are dates. If a time is required and
  none is given, it is midnight UTC. A time without an offset is Norwegian time. Where Excel read
  some dates of a column and left others as texts, such as `05/31/2024`, it may have swapped day and
  month in those it read: they are refused, unless you set `--dates`.
- **Texts** are sent as you see them: accents are composed and invisible characters removed. Text
  that a program wrote instead of a letter (`&oslash;`) or for an empty value (`NULL`) is refused.
- **Person numbers** can contain spaces, dots or a hyphen. If Excel dropped one leading zero, it is
  restored if the day, the month and the check digits are then valid, and a message says so. Numbers
  that Excel rounded (`1.23E+10`) are refused.
- **Before anything is sent**, a file is read once to its end. Repeated rows, dates in the wrong
  order, in the future or more than 80 years ago, and codes that Sdir does not list are reported. So
  are rows that were sent from another file in the same folder. In a terminal, the command asks
  about repeated rows. With `--no-codes`, Sdir is not asked for its codes.
- **Rejected rows** are written next to the input, in the same format and as they were, with the
  reasons in two extra columns. Correct them there and upload that file, or correct them in the
  input and upload it again; the extra columns are not sent. A file that you changed is not
  overwritten: the summary says to upload it. Other rejected rows go to `FILE.rejected-2.csv` then.
- **A receipt** says for each row what became of it, which identifier Sdir gave it, and when:
  `--receipt csv` writes `FILE.receipt.csv`. It is complete even after an interrupted upload. If
  the answer for a row was lost and Sdir has the row, it has a note instead of the identifier.
  Rows that were only validated are `valid`. The receipt of another file is not overwritten.
- **The journal** is a file next to the input (mode 0600, without numbers or names of persons).
  With it, the same command continues after Ctrl-C, a crash or a lost network, and sends nothing
  twice. It knows rows by their content. Standard input has no journal, unless you give
  `--journal`. `sdir clean` removes the files that uploads left. Keep the journal as long as you
  upload files of that name: without it, rows that were sent before are sent again.
- **The key** is read from `--key-file`, then `SDIR_API_KEY`, then the keyring. A key file can have
  a secondary key on its second line.
- **Each request** is a line on standard error with `SDIR_LOG=info`; each attempt with `debug`. See
  [See what happens](observability.md).
- **Person numbers** are masked on screen and in the report, unless you give `--show-persons`.
- **The language** of messages is English, or Norwegian bokmål if the system is Norwegian
  (`LC_ALL`, `LC_MESSAGES`, `LANG`, or the language of Windows). `--language nb`, `--language en`
  or `SDIR_LANGUAGE` set it. Headings and states in receipts and in files of rejected rows are in
  that language, too, but `--json` and receipts as JSON Lines are always in English. Most messages
  of Sdir itself are not translated.
- **It stops early** if nothing is accepted: after 10,000 rejected rows, or when several requests in
  a row are lost and one at a time does not come through either. The rest is unsent.
- **Not complete** in the summary and the report means that the input was not read to its end, or
  that records are unsent or in doubt. The exit code is then 2, 3, 4 or 130. Files that were never
  begun are listed as "not begun".

## Run it every night

The file can have the same name every night. The journal next to it knows each row that was sent
from a file of that name, so the same command is right in each of these cases:

| the file | what happens |
|---|---|
| is a new file | it is uploaded |
| has grown, or is sorted in another way | the new rows are sent |
| was corrected | what was rejected before is sent |
| has rows that were corrected in `FILE.rejected.csv` | one row is left out for each correction |
| is a new file with a row like a rejected one that was corrected | the row is checked again |
| is a new file, and the last upload was not finished | refused: rows of that upload would be lost |
| no longer has rows that are in doubt | refused: they may or may not be saved |
| has a row that was changed after it was accepted | refused: it would be saved twice |
| has new rows, and accepted ones are missing | refused: they may be the same rows, changed |
| has rows that were sent from another file in the folder | refused: they would be saved twice |

The refusal says what to do; `--force` uploads the file anyway. In a terminal, the command
asks instead. A row that was accepted is not sent again. To send it again, for example because
Sdir deleted it, use `--no-journal`. Updates are different:
the whole file is sent each time, unless its upload was interrupted.

## Exit codes

| code | meaning |
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
        "\nWith `--json`, `sdir upload` writes one event per line: `begin`, `progress`, `rejected`,"
        " `warning`,\n`note`, `error`, `saved` and, for each input, `end`. Each has its `time` and"
        " the `run`, which identifies\nthis run of the command. `saved` has up to 500 rows"
        " with `line`, `state`, `uid`,\n`time` and `note`. `end` has the counts, the exit"
        " code, `complete`,\n`ended` (`complete`, `deadline`, `rejected`, `in_doubt`, `cancelled`"
        " or `error`), `begun`, which is\nfalse for an input that was never begun, and `saves`,"
        " which is false for a dry run and `-o validate`:\n`accepted` counts valid rows then.\n"
    )
    return _INTRO + codes + events + "".join(commands)


def _command(name: str, command: Any) -> Iterator[str]:
    """Yield what the page says about a command."""
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
