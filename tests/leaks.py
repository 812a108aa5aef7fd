"""A plugin for pytest: run with every log at DEBUG, and look for secrets in all that was written.

`make test-logs` uses it. Looked at are log lines of every library, with their arguments and
tracebacks; what tests and programs that they start write to stdout and stderr; and the files in the
temporary folders of tests. Sought are the keys and tokens that any `Sdir` was given, private keys,
and person numbers.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdir_async import wire
from sdir_async.upload.formats import FORMATS

_ELEVEN = re.compile(r"(?<![\w.-])\d{11}(?![\w.-])")
_TOKEN = re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_SHORTEST = 16
"""Letters of a key: a shorter one is a word of the tests."""
_INPUTS = re.compile(
    r"(input|a|key|.*\.(csv|tsv|xlsx?|ods|parquet|jsonl?|gz|zst|zip|txt|store|db|pem|p12|jwk|key"
    r"|py|yaml|json|md))"
)
"""What holds records or keys by its nature: inputs, rejected rows, stores of the sandbox, keys, and
examples in documents and code."""
_NOT_OURS = ("selenium", "curl ")
_PRINTS_PERSONS = "--show-persons"


class Leaks(logging.Handler):
    """Collects what was written, and says what is in it that must not be."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.secrets: set[str] = set()
        self.written: dict[str, list[str]] = defaultdict(list)
        self.test = ""
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(_NOT_OURS):
            self.write("log", self.format(record))

    def write(self, where: str, text: str) -> None:
        """Note what was written, and in which test."""
        self.written[text].append(f"{self.test} {where}")

    def found(self) -> Iterator[str]:
        """Yield what leaked where: one line of each kind for each place."""
        for text, places in self.written.items():
            kinds: set[str] = set()
            for line in text.splitlines():
                if (what := self._secret_in(line)) and what not in kinds:
                    kinds.add(what)
                    yield f"{places[0]}: {what}: {line[:300]}"

    def _secret_in(self, line: str) -> str:
        if any(is_person(number) for number in _ELEVEN.findall(line)):
            return "person number"
        if _TOKEN.search(line):
            return "token or private key"
        return "key" if any(secret in line for secret in self.secrets) else ""


def is_person(number: str) -> bool:
    """Say whether it can be the number of a person."""
    return FORMATS["person-number"](number)


_leaks = Leaks()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to collect, before a test module is imported."""
    logging.root.setLevel(logging.DEBUG)
    logging.root.addHandler(_leaks)
    _watch_secrets()
    _watch_programs()


def _watch_secrets() -> None:
    make = wire.Secret.__init__

    def init(self: wire.Secret, text: str) -> None:
        make(self, text)
        bare = text.removeprefix("Bearer ") if isinstance(text, str) else ""
        if len(bare) >= _SHORTEST:
            _leaks.secrets.add(bare)

    wire.Secret.__init__ = init  # type: ignore[method-assign]


def _watch_programs() -> None:
    wait = subprocess.Popen.communicate

    def communicate(self: Any, *args: Any, **given: Any) -> Any:
        told = wait(self, *args, **given)
        if _PRINTS_PERSONS not in self.args and not str(self.args).startswith(_NOT_OURS):
            for part in told:
                text = part.decode(errors="replace") if isinstance(part, bytes) else part
                _leaks.write(f"output of {self.args!r:.100}", text or "")
        return told

    subprocess.Popen.communicate = communicate  # type: ignore[method-assign]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Know which test writes."""
    _leaks.test = item.nodeid


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take what a test wrote to stdout and stderr."""
    for name, text in report.sections:
        if name.startswith(("Captured stdout", "Captured stderr")):
            _leaks.write(name, text)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Look at the files that a test leaves."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    for path in Path(folder).rglob("*") if folder else ():
        is_ours = path.is_file() and not path.is_symlink()
        if is_ours and os.access(path, os.R_OK) and not _INPUTS.fullmatch(path.name.lower()):
            _leaks.write(f"file {path.name}", path.read_bytes().decode("latin-1"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if anything was found."""
    if any(_leaks.found()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was found, and in how much."""
    found = sorted(set(_leaks.found()))
    size, secrets = sum(map(len, _leaks.written)), len(_leaks.secrets)
    terminalreporter.section(f"{len(found)} leaks")
    for line in found:
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"in {size:,} letters, for {secrets} keys and tokens")
