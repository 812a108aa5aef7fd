"""What runs elsewhere is in order: workflows, the Containerfile, and the form of the changelog."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import sdir_async

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONTAINERFILE = (ROOT / "Containerfile").read_text()
CHECKS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())["jobs"]
RELEASE: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())[
    "jobs"
]
POSIX = re.compile(r"geteuid|os\.fork|send_signal|killpg|/proc/|/dev/|st_mode|chmod")


def _tool(name: str, *arguments: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_are_in_order() -> None:
    """Syntax, expressions, rights, and what an outsider could inject."""
    _tool("jactionlint", "--shellcheck=", "--min-severity=info", "--strict-exit")


def test_the_containerfile_is_in_order() -> None:
    """Syntax and good practice."""
    _tool("hadolint", "Containerfile")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(workflow: Path) -> None:
    """With its version in a comment, and one commit a version in all workflows."""
    uses = re.findall(r"uses: (.*)", workflow.read_text())
    assert uses
    for each in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


def test_the_checks_run_on_every_python_that_is_promised() -> None:
    """Each of the classifiers, and the oldest with the lowest versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prefix = "Programming Language :: Python :: 3."
    promised = [each.rpartition(" ")[2] for each in project["classifiers"] if prefix in each]
    assert CHECKS["test"]["strategy"]["matrix"]["python"] == promised
    oldest = project["requires-python"].removeprefix(">=")
    (setup,) = [
        step for step in CHECKS["lowest"]["steps"] if "python-version" in step.get("with", {})
    ]
    assert setup["with"]["python-version"] == promised[0] == oldest


def test_workflows_call_only_targets_that_exist() -> None:
    """Of the Makefile."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for job in [*CHECKS.values(), *RELEASE.values()]:
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                if line.startswith("make "):
                    assert {word for word in line.split()[1:] if "=" not in word} <= {*targets}


def test_what_runs_on_windows_needs_no_posix() -> None:
    """The job leaves out each test that names signals, modes of files or the like."""
    run = CHECKS["elsewhere"]["steps"][-1]["run"]
    words = shlex.split(run)
    ignored = [ROOT / words[at + 1] for at, word in enumerate(words) if word == "--ignore"]
    assert [path for path in ignored if not path.exists()] == []
    left = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if not any(path.is_relative_to(each) for each in ignored)
    ]
    assert len(left) > 40
    assert [path.name for path in left if POSIX.search(path.read_text())] == []


def test_what_runs_on_windows_has_every_extra_of_the_tests() -> None:
    """The same as `make test-lowest`: without one, the tests are not even collected."""
    (wanted,) = re.findall(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    (install,) = [step for step in CHECKS["elsewhere"]["steps"] if step.get("name") == "Install"]
    assert re.findall(r"\.\[(.*)\]", install["run"]) == [wanted]


def test_only_the_job_that_publishes_may_ask_for_a_token() -> None:
    """And it runs nothing of ours: it takes what the build made."""
    asking = [name for name, job in RELEASE.items() if "id-token" in job["permissions"]]
    assert asking == ["publish"]
    assert RELEASE["publish"]["environment"] == "release"
    assert not [step for step in RELEASE["publish"]["steps"] if "run" in step]
    assert RELEASE["publish"]["steps"][-1]["with"]["attestations"] is True


def test_each_image_runs_as_a_user_without_rights() -> None:
    """The last stages come from one that names a user by number, as Kubernetes wants it."""
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", CONTAINERFILE, re.MULTILINE)
    assert {name for base, name in stages if base == "plain"} == {"command", "sandbox"}
    plain = CONTAINERFILE.partition("AS plain")[2].partition("\nFROM")[0]
    assert re.search(r"^USER 10001:10001$", plain, re.MULTILINE)
    assert len(re.findall(r"^USER ", CONTAINERFILE, re.MULTILINE)) == 1


def test_the_containerfile_installs_extras_that_exist() -> None:
    """And copies only what the builder is sent."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extras in re.findall(r'"\.\[([\w,]+)\]"', CONTAINERFILE):
        assert set(extras.split(",")) <= set(project["optional-dependencies"])
    sent = set(re.findall(r"^!(.*)$", (ROOT / ".containerignore").read_text(), re.MULTILINE))
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE, re.MULTILINE)
    assert {name for line in copied for name in line.split()} == sent


def test_the_changelog_has_the_version_of_the_package_first() -> None:
    """Each version once, the newest first, with its date or "not released yet", and its changes."""
    text = (ROOT / "CHANGELOG.md").read_text()
    sections = re.findall(r"^## (\S+), (.+)$", text, re.MULTILINE)
    assert len(sections) == len(re.findall(r"^## ", text, re.MULTILINE))
    versions = [tuple(map(int, version.split("."))) for version, _ in sections]
    assert versions == sorted(set(versions), reverse=True)
    assert sections[0][0] == sdir_async.__version__
    assert [
        line for line in text.splitlines() if not re.match(r"- |  \S|#{1,3} |[A-Z]|$", line)
    ] == []
    dates = [date for _, date in sections]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates[1:])
    assert re.fullmatch(r"not released yet|\d{4}-\d\d-\d\d", dates[0])
    assert [line for line in text.splitlines() if len(line) > 130] == []


@pytest.mark.skipif(not shutil.which("bash"), reason="There is no bash here.")
def test_the_script_of_ci_is_one_that_bash_reads() -> None:
    """And it runs the commands that CONTRIBUTING.md names."""
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
    called = re.findall(r"^make ([\w-]+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert called == ["check", "docs", "test", "test-spark"]
