"""The fixture of users' tests, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import sdir_async.sandbox

ROOT = Path(sdir_async.sandbox.__file__).parents[2]
TESTS = """
import httpx
import pytest
from sdir_async import Sdir
from sdir_async.sandbox import Fault

RECORD = {
    "personalIdentityNumber": "41814061033",
    "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827",
    "courseCode": "HSCLC",
}
COURSES = "/aps-course-external/v1/courses"
urls = set()

@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_finds_it_empty(sdir_sandbox, turn):
    urls.add(sdir_sandbox.base_url)
    assert sdir_sandbox.records(COURSES) == []
    assert sdir_sandbox.requests == []
    assert len(sdir_sandbox.faults) == 0
    async with Sdir(sdir_sandbox.api_key, base_url=sdir_sandbox.base_url) as sdir:
        report = await sdir.course.v1.upload([RECORD] * 3)
    assert report.accepted == 3
    assert [each["courseCode"] for each in sdir_sandbox.records(COURSES)] == ["HSCLC"] * 3
    (request,) = sdir_sandbox.requests
    assert (request.status, request.records, request.key) == (201, 3, "primary")
    sdir_sandbox.faults.add(Fault("api-500"))
    sdir_sandbox.sleep()

def test_it_is_there_for_tests_without_a_loop(sdir_sandbox):
    key = {"Ocp-Apim-Subscription-Key": sdir_sandbox.api_key}
    url = sdir_sandbox.served["course v1"] + "/codes"
    assert httpx.get(url, headers=key).status_code == 200

def test_it_started_once(sdir_sandbox):
    assert urls == {sdir_sandbox.base_url}
"""
SETTINGS = """
import pytest

@pytest.fixture(scope="session")
def sdir_sandbox_settings():
    return {"keys": ["mine"]}
"""

_OPTIONS = ("asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function")


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a user's pytest, to which the plugin is made known by hand: nothing is installed."""
    plugins = [
        "-p",
        "pytest_asyncio.plugin",
        "-p",
        "sdir_async.pytest_plugin",
        "-p",
        "no:cacheprovider",
    ]
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", *plugins, *options]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, *(part for option in _OPTIONS for part in ("-o", option))],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_fixture_is_a_sandbox_that_each_test_finds_empty(tmp_path: Path) -> None:
    """One for all tests, whatever kind of test they are."""
    (tmp_path / "test_theirs.py").write_text(TESTS)
    result = run_pytest(tmp_path)
    assert "4 passed" in result.stdout, result.stdout


def test_its_settings_can_be_changed(tmp_path: Path) -> None:
    """In a conftest, by a fixture."""
    (tmp_path / "conftest.py").write_text(SETTINGS)
    (tmp_path / "test_theirs.py").write_text(
        "def test(sdir_sandbox):\n    assert sdir_sandbox.api_key == 'mine'\n"
    )
    assert "1 passed" in run_pytest(tmp_path).stdout


def test_who_does_not_use_it_does_not_pay(tmp_path: Path) -> None:
    """Neither the SDK nor its libraries are imported when pytest starts."""
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\ndef test():\n"
        "    ours = {name for name in sys.modules if name.startswith('sdir_async')}\n"
        "    known = {'', '._lazy', '._version', '.pytest_plugin'}\n"
        "    assert ours == {f'sdir_async{name}' for name in known}\n"
        "    assert not {'attrs', 'httpx', 'orjson'} & set(sys.modules)\n"
    )
    assert "1 passed" in run_pytest(tmp_path).stdout
