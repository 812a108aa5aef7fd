"""The commands around the upload: what there is, what was reported, the key, and a local Sdir."""

from __future__ import annotations

import csv
import io
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, cast

import httpx
import keyring
import openpyxl
import orjson
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError
from rich.console import Console

import sdir_async
from sdir_async.api import VERSIONS
from sdir_async.cli.apis import every_version
from sdir_async.cli.ask import _rows
from sdir_async.cli.doctor import Answered, judge_clock, judge_host, judge_key, judge_versions
from sdir_async.cli.settings import Target, quickest_transport
from sdir_async.sandbox import Fault

from ..ours import OURS
from .conftest import COURSE, COURSES, KEY, PERSONS, course, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdir_async import Description, Sdir
    from sdir_async.sandbox import SandboxThread

    from .conftest import Done

WITH_UPLOADS = [version for version in every_version() if version.batches]
WRITTEN_HERE = [one for one in every_version() if one.name in {each.name for each in OURS}]
WITH_CODES = [one for one in WRITTEN_HERE if any("codes" in name for name in one.operations)]


@pytest.fixture
def uploaded(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path
) -> list[dict[str, str]]:
    """Three courses in the sandbox."""
    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(3)]))
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    return sandbox.records(COURSES)


def test_apis_names_every_operation(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key, and without asking anybody."""
    monkeypatch.delenv("SDIR_API_KEY")
    done = sdir("apis")
    assert done.code == 0
    for api in VERSIONS:
        assert api in done.out
    listed = [orjson.loads(line) for line in sdir("apis", "--json").out.splitlines()]
    assert [(one["api"], one["version"]) for one in listed] == [
        (api, version) for api, versions in VERSIONS.items() for version in versions
    ]
    names = {operation["name"] for one in listed for operation in one["operations"]}
    assert {"createCourses", "updateAdditionalCompetences", "listOccupationCodes"} <= names


@pytest.mark.parametrize("version", WITH_CODES, ids=lambda version: version.name)
def test_codes_are_listed_and_searched(
    sdir: Callable[..., Done], sandbox: SandboxThread, version: Description
) -> None:
    """In every version that was written here."""
    arguments = ("codes", version.api, "--version", version.version, "--json")
    codes = [orjson.loads(line) for line in sdir(*arguments).out.splitlines()]
    assert codes
    done = sdir(*arguments, codes[0]["code"].lower())
    assert orjson.loads(done.out.splitlines()[0]) == codes[0]
    assert sdir(*arguments, "no such code").out == ""


def test_one_record_is_shown(sdir: Callable[..., Done], uploaded: list[dict[str, str]]) -> None:
    """Its person is not, unless that is wanted."""
    uid = uploaded[0]["uid"]
    done = sdir("get", *COURSE, uid)
    assert (done.code, PERSONS[0] in done.out) == (0, False)
    assert "*********33" in done.out
    assert orjson.loads(sdir("get", *COURSE, uid, "--json", "--show-persons").out) == uploaded[0]
    done = sdir("get", *COURSE, "00000000-0000-0000-0000-000000000000")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert sdir("get", *COURSE, "..").code == 2


def test_what_was_reported_is_listed(
    sdir: Callable[..., Done],
    uploaded: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All, some, or those of a person whose number no list of commands has."""
    done = sdir("list", *COURSE)
    assert [code for code in ("C0", "C1", "C2") if code in done.out] == ["C0", "C1", "C2"]
    assert [number for number in PERSONS if number in done.out] == []
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PERSONS[1]}\n"))
    done = sdir("list", *COURSE, "--where", "personId=-", "--json", "--show-persons")
    assert [orjson.loads(line) for line in done.out.splitlines()] == [uploaded[1]]
    assert len(sdir("list", *COURSE, "--limit", 2, "--json").out.splitlines()) == 2
    assert "Use one of: personId" in sdir("list", *COURSE, "--where", "name=x").err


def test_the_command_takes_the_fast_transport_where_it_can(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is where aiohttp is installed and no proxy is set; else it takes httpx."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("sdir_async.cli.settings.find_spec", lambda name: name)
    assert quickest_transport() == "fast"
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert quickest_transport() == "httpx"
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setattr("sdir_async.cli.settings.find_spec", lambda _: None)
    assert quickest_transport() == "httpx"
    given = {}
    monkeypatch.setattr("sdir_async.client.Sdir", lambda *_, **settings: given.update(settings))
    Target().connect(retry=None)
    assert given["transport"] == "httpx"


def test_all_pages_of_a_list_come_over_one_client(
    sdir: Callable[..., Done],
    sandbox: SandboxThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that connections, keys and pace are shared by them."""
    opened: list[Target] = []
    connect = Target.connect

    def counted(target: Target, **settings: Any) -> Sdir:
        opened.append(target)
        return connect(target, **settings)

    (tmp_path / "a.jsonl").write_bytes(lines_of([course(at) for at in range(1_001)]))
    assert sdir("upload", *COURSE, "a.jsonl").code == 0
    monkeypatch.setattr(Target, "connect", counted)
    before = len(sandbox.requests)
    done = sdir("list", *COURSE, "--limit", 2_000, "--json", "--show-persons")
    assert [orjson.loads(line) for line in done.out.splitlines()] == sandbox.records(COURSES)
    assert (len(opened), len(sandbox.requests) - before) == (1, 3)


def test_a_list_says_that_there_may_be_more(
    sdir: Callable[..., Done], uploaded: list[dict[str, str]]
) -> None:
    """Where it ends at its limit."""
    assert "the first 2; --limit shows more" in sdir("list", *COURSE, "--limit", 2).err
    assert sdir("list", *COURSE, "--limit", len(uploaded) + 1).err == ""


def test_uids_can_be_copied_from_a_narrow_terminal(uploaded: list[dict[str, str]]) -> None:
    """They stand in one line each, whatever else is broken."""
    narrow = Console(width=80, file=io.StringIO())
    narrow.print(_rows(uploaded))
    text = cast("io.StringIO", narrow.file).getvalue()
    assert [one for one in uploaded if one["uid"] not in text] == []


def test_no_part_of_a_row_is_cut_off(
    sdir: Callable[..., Done],
    uploaded: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever reads a list in a pipe needs the whole uid, to ask for the record."""
    monkeypatch.setenv("COLUMNS", "40")
    _, *rows = sdir("list", *COURSE).out.splitlines()
    assert [row.split()[-1] for row in rows] == [record["uid"] for record in uploaded]


def test_a_question_with_a_wrong_key_is_not_to_be_repeated(
    sdir: Callable[..., Done], sandbox: SandboxThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code says that the key is wrong."""
    monkeypatch.setenv("SDIR_API_KEY", "wrong")
    assert sdir("list", *COURSE).code == 2


@pytest.mark.parametrize("version", WITH_UPLOADS, ids=lambda version: version.name)
def test_a_template_has_columns_that_fit(
    sdir: Callable[..., Done], sandbox: SandboxThread, tmp_path: Path, version: Description
) -> None:
    """A row under them, with what every record must have, is taken."""
    arguments = ("template", version.api, "--version", version.version)
    done = sdir(*arguments)
    (heading,) = csv.reader(io.StringIO(done.out))
    assert "* " in done.err
    fields = [orjson.loads(line) for line in sdir(*arguments, "--json").out.splitlines()]
    assert heading == [field["name"] for field in fields]
    assert sdir(*arguments, "--output", "t.xlsx").code == 0
    rows, about = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    assert [cell.value for cell in rows[1]][:-1] == heading
    explained = [row[0].value for row in about.iter_rows(min_row=2)]
    assert explained[: len(heading)] == heading
    assert sdir(*arguments, "--output", "t.csv").code == 0
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert heading[0] in (tmp_path / "t.txt").read_text()
    assert "already exists, and was not changed" in sdir(*arguments, "--output", "t.csv").err


def test_the_doctor_finds_all_well(sdir: Callable[..., Done]) -> None:
    """Each version is checked, all findings are good, and the key is not shown."""
    done = sdir("doctor")
    assert done.code == 0
    assert "✗" not in done.out
    assert KEY not in done.out
    findings = [orjson.loads(line) for line in sdir("doctor", "--json").out.splitlines()]
    assert {finding["state"] for finding in findings} == {"good"}
    named = [finding["what"] for finding in findings]
    versions = {version.name for version in every_version()}
    assert {one.name for one in WRITTEN_HERE if _can_be_asked(one)} <= set(named)
    assert [what for what in named if what not in versions] == ["key", "host", "key", "clock"]


def _can_be_asked(version: Description) -> bool:
    """Whether it has an operation that reads, and needs nothing."""
    return any(each.method == "GET" and not each.required for each in version.operations.values())


def test_the_doctor_says_what_is_wrong(
    sdir: Callable[..., Done], sandbox: SandboxThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, a wrong key, a host that is not there, a version that fails."""
    monkeypatch.setenv("SDIR_API_KEY", "wrong")
    done = sdir("doctor")
    assert "key: rejected" in done.out
    assert "not valid for this API" not in done.out
    monkeypatch.delenv("SDIR_API_KEY")
    done = sdir("doctor")
    assert (done.code, "run `sdir login`" in done.out) == (1, True)
    monkeypatch.setenv("SDIR_API_KEY", KEY)
    sandbox.faults.add(Fault("api-500"))
    assert "Try again in a minute" in sdir("doctor").out
    done = sdir("doctor", "--base-url", "http://127.0.0.1:9")
    assert (done.code, "does not answer" in done.out) == (1, True)


def test_an_address_that_is_none_is_said_in_a_line(sdir: Callable[..., Done]) -> None:
    """A base URL without a scheme gives exit code 2 and one line that shows a valid one."""
    done = sdir("doctor", "--base-url", "localhost")
    assert (done.code, done.out) == (2, "")
    assert done.err == "sdir: --base-url needs a scheme and a host, such as https://host:8400.\n"


def test_the_doctor_reads_answers() -> None:
    """Findings about clock, key, versions and host follow from the answers alone."""
    good = Answered("x v1", "http://h/x", 200, skew=2.0)
    late = Answered("x v1", "http://h/x", 200, skew=-3600.0)
    ends = Answered("x v1", "http://h/x", 200, ends="Sat, 01 Jan 2028 00:00:00 GMT")
    refused = Answered("y v1", "http://h/y", 401)
    assert judge_clock([good, late])[0].state == "good"
    assert "3,600 seconds behind" in judge_clock([late])[0].said
    assert judge_versions([ends])[0].state == "odd"
    assert judge_key([good, refused], there_is_one=True)[0].state == "good"
    assert "subscription" in judge_versions([good, refused])[1].advice
    assert judge_versions([refused]) == []
    assert judge_host([])[0].state == "bad"


class _Memory(KeyringBackend):
    """A keyring that forgets."""

    priority = 1  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


def test_a_key_in_the_keyring_is_found(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for, not echoed, and can be removed."""
    before = keyring.get_keyring()
    keyring.set_keyring(_Memory())
    try:
        monkeypatch.delenv("SDIR_API_KEY")
        assert "A subscription key is required" in sdir("codes", *COURSE).err
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))
        done = sdir("login")
        assert (done.code, KEY in done.out + done.err) == (0, False)
        assert sdir("codes", *COURSE).code == 0
        assert sdir("logout").code == 0
        assert sdir("logout").code == 2
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_does_not_work_is_said_in_a_line(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`login` then fails with exit code 2, and other commands say that a key is required."""
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    try:
        monkeypatch.setattr("sys.stdin", io.StringIO(KEY))
        done = sdir("login")
        assert done.code == 2
        assert "The system's keyring can't be used" in done.err
        monkeypatch.delenv("SDIR_API_KEY")
        assert "A subscription key is required" in sdir("codes", *COURSE).err
    finally:
        keyring.set_keyring(before)


def test_a_locked_keyring_is_said(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold the key: to ask for one would hide what is wrong."""

    def locked(*_: str) -> str:
        raise KeyringLocked

    monkeypatch.setattr(keyring, "get_password", locked)
    assert sdir("codes", *COURSE).code == 0
    monkeypatch.delenv("SDIR_API_KEY")
    done = sdir("codes", *COURSE)
    assert (done.code, "keyring can't be used (KeyringLocked)" in done.err) == (2, True)


def test_a_key_file_may_hold_two(sdir: Callable[..., Done], tmp_path: Path) -> None:
    """The second is tried when the first is refused."""
    (tmp_path / "key").write_text(f"an-old-one\n{KEY}\n")
    assert sdir("codes", *COURSE, "--key-file", "key").code == 0
    (tmp_path / "key").write_text("a b c")
    done = sdir("codes", *COURSE, "--key-file", "key")
    assert (done.code, "must hold one key" in done.err) == (2, True)


def test_the_sandbox_is_started(settings: dict[str, str]) -> None:
    """With the options of its own."""
    command = [sys.executable, "-m", "sdir_async.cli", "sandbox", "--port", "0", "--key", "k"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        assert httpx.get(found[0]).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_help_loads_no_library_of_a_format(settings: dict[str, str]) -> None:
    """`--help` imports no optional library, and so is quick."""
    program = (
        "import sys; sys.argv = ['sdir', '--help']; from sdir_async.cli.main import main;"
        "code = main(); late = ['openpyxl', 'pyarrow', 'ijson', 'keyring', 'jinja2',"
        " 'jsonschema_rs', 'starlette'];"
        "print([name for name in late if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_the_version_is_said(sdir: Callable[..., Done]) -> None:
    """`--version` prints the name and the version of the package, and nothing else."""
    assert sdir("--version").out == f"sdir-async {sdir_async.__version__}\n"


def test_colours_are_left_out_where_nobody_wants_them(
    sdir: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`NO_COLOR` turns colours off, even if `FORCE_COLOR` is set."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in sdir("doctor").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in sdir("doctor").out


def test_the_shell_completes_the_names_of_apis() -> None:
    """Completion accepts underscores, offers hyphens, and lists every API for no input."""
    from sdir_async.cli.app import complete_api

    assert complete_api("additional_c") == ["additional-competence"]
    assert complete_api("") == [name.replace("_", "-") for name in VERSIONS]


def test_sdir_log_shows_each_request(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, beside what the command itself says; a wrong level is refused."""
    monkeypatch.setenv("SDIR_LOG", "info")
    done = command("codes", *COURSE, "--json")
    assert (done.code, len(done.events)) == (0, 1)
    assert "INFO course v1 GET /codes: 200 in " in done.err
    monkeypatch.setenv("SDIR_LOG", "loud")
    assert "SDIR_LOG must be debug or info" in command("codes", *COURSE).err
