"""The token beside the key, for the command: settings, both halves of the doctor, the log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import keyring
import orjson
import pytest

from sdir_async.cli.log import log_file
from sdir_async.cli.maskinporten import judge_certificate, maskinporten_of, settings_of
from sdir_async.cli.trouble import Trouble
from sdir_async.maskinporten import Maskinporten
from sdir_async.sandbox import Fault, SandboxThread

from ..certificates import PASSWORD, bundle, enterprise, intermediate
from .conftest import COURSE, COURSES, KEY, Done, course, lines_of
from .test_commands import _Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def strict() -> Iterator[SandboxThread]:
    """A sandbox that wants a token with each call."""
    with SandboxThread(keys=[KEY], maskinporten=True) as running:
        yield running


@pytest.fixture
def sdir(
    sdir: Callable[..., Done], strict: SandboxThread, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Runs the command against it."""
    strict.reset()
    monkeypatch.setenv("SDIR_BASE_URL", strict.base_url)
    return sdir


@pytest.fixture
def configured(strict: SandboxThread, tmp_path: Path) -> Path:
    """A settings file for the client that the sandbox made, and its key."""
    told = strict.maskinporten.settings
    (tmp_path / "key.pem").write_text(told["key"])
    path = tmp_path / "sdir.toml"
    lines = [
        "[test]",
        f'client_id = "{told["client_id"]}"',
        'key_file = "key.pem"',
        f'kid = "{told["kid"]}"',
        f'issuer = "{told["issuer"]}"',
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def findings(done: Done) -> dict[str, tuple[str, str, str]]:
    told = [orjson.loads(line) for line in done.out.splitlines()]
    return {each["what"]: (each["state"], each["said"], each["advice"]) for each in told}


def test_an_upload_goes_with_both_halves(
    sdir: Callable[..., Done], configured: Path, strict: SandboxThread, tmp_path: Path
) -> None:
    """The settings are in a file; the key of the client is beside it."""
    (tmp_path / "courses.jsonl").write_bytes(lines_of([course(n) for n in range(3)]))
    done = sdir("upload", *COURSE, "courses.jsonl")
    assert done.code == 0, done.err
    assert len(strict.records(COURSES)) == 3


def test_the_log_says_what_was_sent(
    sdir: Callable[..., Done], configured: Path, tmp_path: Path
) -> None:
    """When, which file, how many, and where to; no person is in it."""
    assert "has not uploaded anything" in sdir("log").err
    (tmp_path / "courses.jsonl").write_bytes(lines_of([course(n) for n in range(3)]))
    sdir("upload", *COURSE, "courses.jsonl")
    sdir("upload", *COURSE, "courses.jsonl", "--dry-run")
    (entry,) = [orjson.loads(line) for line in sdir("log", "--json").out.splitlines()]
    assert entry["file"] == str(tmp_path / "courses.jsonl")
    assert (entry["accepted"], entry["ended"], entry["api"]) == (3, "complete", "course")
    shown = sdir("log").out
    assert "courses.jsonl" in shown
    assert "41814061033" not in log_file().read_text()


def test_the_log_takes_no_folder_for_markup(
    sdir: Callable[..., Done],
    configured: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder in brackets is shown by its name; one that looks like a closing tag ends nothing."""
    monkeypatch.setenv("COLUMNS", "400")
    folder = tmp_path / "[bold]" / "[" / "x]"
    folder.mkdir(parents=True)
    (folder / "courses.jsonl").write_bytes(lines_of([course(1)]))
    sdir("upload", *COURSE, folder / "courses.jsonl")
    done = sdir("log")
    assert (done.code, "[bold]/[/x]/courses.jsonl" in done.out) == (0, True)


def test_a_damaged_log_is_shown_as_far_as_it_can_be(
    sdir: Callable[..., Done], configured: Path, tmp_path: Path
) -> None:
    """Damaged lines are counted, a half line takes no other along, and no escape gets through."""
    (tmp_path / "courses.jsonl").write_bytes(lines_of([course(1)]))
    sdir("upload", *COURSE, "courses.jsonl")
    whole = log_file().read_bytes()
    told = orjson.loads(whole)
    strange: list[Any] = [
        {**told, "file": "\x1b]52;c;aGk=\x07\u202e41814061033", "more": "\x9b2J"},
        {**told, "at": 1e300},
        {**told, "accepted": [1]},
        {"at": 1},
        7,
    ]
    damaged = b"\0\0\0\n\xff\xfe{\0\nno JSON\n\n[]\n" + whole.decode().encode("utf-16")
    log_file().write_bytes(whole + damaged + b"\n" + lines_of(strange) + whole[:20])
    (tmp_path / "more.jsonl").write_bytes(lines_of([course(2)]))
    sdir("upload", *COURSE, "more.jsonl")
    for done in (sdir("log"), sdir("log", "--json")):
        assert (done.code, done.out.count("complete")) == (0, 3)
        assert "more.jsonl" in done.out
        assert "damaged lines, not shown: " in done.err
        assert "41814061033" not in done.out
        assert not {*"\0\x1b\x07\x9b\u202e"} & {*done.out, *done.err}


def test_a_log_that_cant_be_read_is_said(sdir: Callable[..., Done], configured: Path) -> None:
    """In one line."""
    log_file().mkdir(parents=True)
    done = sdir("log")
    assert (done.code, "log.jsonl: can't be read: is a directory" in done.err) == (2, True)


def test_a_traceback_is_masked(
    sdir: Callable[..., Done], configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SDIR_DEBUG` shows it, and the text of an error that nobody foresaw can hold anything."""

    def fail(**_: object) -> None:
        raise LookupError("41814061033 \x1b[2J")

    monkeypatch.setattr("sdir_async.cli.log.show_log", fail)
    assert "Traceback" not in sdir("log").err
    monkeypatch.setenv("SDIR_DEBUG", "1")
    done = sdir("log")
    assert (done.code, "Traceback" in done.err) == (4, True)
    assert "Internal error: LookupError: *********" in done.err
    assert not any(secret in done.err for secret in ("41814061033", "\x1b"))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes.")
def test_the_log_is_for_its_owner(
    sdir: Callable[..., Done], configured: Path, tmp_path: Path
) -> None:
    """Also when it was open to others before: names of files can be those of persons."""
    log_file().parent.mkdir(parents=True, exist_ok=True)
    log_file().touch()
    log_file().chmod(0o644)
    (tmp_path / "courses.jsonl").write_bytes(lines_of([course(1)]))
    sdir("upload", *COURSE, "courses.jsonl")
    assert log_file().stat().st_mode & 0o777 == 0o600


def test_the_doctor_tests_each_half(sdir: Callable[..., Done], configured: Path) -> None:
    """With both, all is well; each token is named with the APIs that it is for."""
    done = sdir("doctor", "--json")
    found = findings(done)
    assert done.code == 0, done.out
    assert found["token for course v1"][:2] == ("good", "Maskinporten gives one")
    assert found["token"][:2] == ("good", "Sdir accepts it")
    assert found["registered key"][1].startswith("sandbox-key of client sandbox")
    assert "eyJ" not in done.out


def test_without_the_token_half_the_doctor_says_so(sdir: Callable[..., Done]) -> None:
    """The key is good, and who can mend it is said."""
    done = sdir("doctor", "--json")
    state, said, advice = findings(done)["token"]
    assert (done.code, state) == (1, "bad")
    assert said == "Sdir also requires a token, and none is set up"
    assert advice.startswith("Set SDIR_MASKINPORTEN_CLIENT_ID")


@pytest.mark.parametrize(
    ("fault", "code", "who"),
    [
        ("token-key", "MP-121", "You can fix this."),
        ("token-scope", "MP-200", "You can fix this."),
        ("token-clock", "MP-130", "You can fix this."),
    ],
)
def test_the_doctor_says_why_there_is_no_token(
    sdir: Callable[..., Done],
    configured: Path,
    strict: SandboxThread,
    fault: str,
    code: str,
    who: str,
) -> None:
    """What Maskinporten said, and who can mend it."""
    strict.faults.add(Fault(fault))
    done = sdir("doctor", "--json")
    bad = [each for what, each in findings(done).items() if what.startswith("token for")]
    assert all(state == "bad" and code in said for state, said, _ in bad)
    assert {advice for *_, advice in bad} == {who}
    assert done.code == 1


def test_a_key_that_can_not_be_read_is_said(sdir: Callable[..., Done], configured: Path) -> None:
    """By the doctor, and by what wants to send."""
    (configured.parent / "key.pem").unlink()
    assert "can't be read" in findings(sdir("doctor", "--json"))["token"][1]
    done = sdir("codes", "course")
    assert (done.code, "can't be read" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[test", "not TOML"),
        ("test = 1", "must be a section"),
        ('[test]\nkey_password = "x"', "does not belong in a file"),
        ('[test]\nclient_secret = "x"', "does not belong in a file"),
        ('[test]\nclient = "x"', "unknown setting 'client'. Use one of: client_id"),
        ("[test]\nclient_id = 5", "client_id must be text"),
    ],
)
def test_a_mistake_in_the_settings_is_said(tmp_path: Path, text: str, words: str) -> None:
    """With the name of the file, and without what may be a secret."""
    (tmp_path / "sdir.toml").write_text(text)
    with pytest.raises(Trouble, match=words) as caught:
        settings_of("test", tmp_path)
    assert '"x"' not in str(caught.value)


def test_the_environment_comes_before_the_file(
    settings: dict[str, str], configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a section is for its environment alone."""
    monkeypatch.setenv("SDIR_MASKINPORTEN_CLIENT_ID", "another")
    assert settings_of("test")["SDIR_MASKINPORTEN_CLIENT_ID"] == "another"
    monkeypatch.delenv("SDIR_MASKINPORTEN_CLIENT_ID")
    assert settings_of("production") == {}
    assert maskinporten_of("production") is None


def test_the_password_of_the_key_is_in_the_keyring(
    sdir: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sdir login --maskinporten` puts it there, `sdir logout` takes it away."""
    before = keyring.get_keyring()
    keyring.set_keyring(_Memory())
    try:
        monkeypatch.setattr("sys.stdin", _Given(f"{PASSWORD}\n"))
        assert sdir("login", "--maskinporten").code == 0
        (tmp_path / "sdir.p12").write_bytes(bundle(enterprise(), intermediate()))
        (tmp_path / "sdir.toml").write_text('[test]\nclient_id = "c"\nkey_file = "sdir.p12"\n')
        made = maskinporten_of("test")
        assert made is not None
        assert made.certificate is not None
        assert made.certificate.organization == "Rederi AS"
        assert sdir("logout").code == 0
        with pytest.raises(Trouble, match="password is wrong"):
            maskinporten_of("test")
    finally:
        keyring.set_keyring(before)


class _Given:
    """Standard input that is no terminal."""

    def __init__(self, text: str) -> None:
        self._text = text

    def isatty(self) -> bool:
        return False

    def read(self) -> str:
        return self._text


@pytest.mark.parametrize(("days", "state"), [(300, "good"), (59, "odd"), (-2, "bad")])
def test_the_end_of_a_certificate_is_counted_down(days: int, state: str) -> None:
    """From 60 days on the doctor warns."""
    made = Maskinporten(
        "c", bundle(enterprise(days=days), intermediate()), password=PASSWORD
    ).certificate
    assert made is not None
    found, said, _ = judge_certificate(made)
    assert found == state
    assert said.startswith("Rederi AS 991825827, end")
