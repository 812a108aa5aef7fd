"""The documentation is run as it stands.

A Python snippet is a program, or a piece of one. Pieces find the names of `sdir_async`, an open
`sdir`, and an empty list of `records`; those of one page share what they define. The key and the
file of the first upload are what they seem, but `Sdir` goes to a sandbox. That of
docs/maskinporten.md wants a token.
"""

from __future__ import annotations

import ast
import asyncio
import functools
import gzip
import inspect
import re
import sys
import types
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import demo
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import sdir_async
from sdir_async.maskinporten.refusals import MEANINGS

from .certificates import bundle, enterprise_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdir_async import Sdir

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
KEY = "0123456789abcdef"
SANDBOX = "http://127.0.0.1:8400"
"""Where the pages say that a sandbox is."""
ELSEWHERE = {"scale.md", "engines.md"}
"""Pages whose snippets run in tests of their own: they need a database, and engines."""
WITH_SNIPPETS = [
    page for page in PAGES if "```python\n" in page.read_text() and page.name not in ELSEWHERE
]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def plain() -> Iterator[demo.Access]:
    """A sandbox that lets the key of the snippets in."""
    with demo.running_sandbox("--key", KEY) as access:
        yield access


@pytest.fixture(scope="module")
def strict() -> Iterator[demo.Access]:
    """One that wants a token in addition to the key."""
    with demo.running_sandbox("--key", KEY, "--maskinporten") as access:
        yield access


@pytest.fixture
def local_sdir(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> functools.partial[Sdir]:
    """`Sdir` as the snippets meet it: everything is real but the address and the client."""
    page = getattr(request.node, "callspec", None) and request.node.callspec.params["page"].name
    access = request.getfixturevalue("strict" if page == "maskinporten.md" else "plain")
    local = functools.partial(sdir_async.Sdir, base_url=access.base_url)
    monkeypatch.setattr(sdir_async, "Sdir", local)
    monkeypatch.setenv("SDIR_API_KEY", KEY)
    for name, value in access.token.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    if access.token:
        _let_maskinporten_be_local(access, monkeypatch)
    Path("records.jsonl").write_bytes(_first_lines(500))  # line 466 is bad
    return local


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run(page: Path, local_sdir: functools.partial[Sdir]) -> None:
    """One after another, as a reader would try them."""
    names: dict[str, Any] = {"__name__": "__main__", "records": []}
    snippets = list(_snippets(page, "python"))
    assert snippets
    with asyncio.Runner() as runner:
        given = runner.run(_given(local_sdir))
        for line, snippet in snippets:
            names.update(given)
            here = snippet.replace(SANDBOX, given["address"])
            _run("\n" * line + here, str(page), names, runner)
        runner.run(given["sdir"].aclose())


def _let_maskinporten_be_local(access: demo.Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the page hold the key that the sandbox knows, and so does the page's vault."""
    told = {name.removeprefix("SDIR_MASKINPORTEN_"): value for name, value in access.token.items()}
    pem = Path(told["KEY_FILE"]).read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey)
    Path("sdir.pem").write_bytes(pem)
    made = enterprise_of(key)
    Path("sdir.p12").write_bytes(bundle(made, password="from your secret store"))
    real = sdir_async.Maskinporten

    def local(client_id: str, key: Any, **settings: Any) -> sdir_async.Maskinporten:
        given = {**settings, "issuer": told["ISSUER"]}
        if "kid" in given:
            given["kid"] = told["KID"]
        return real(told["CLIENT_ID"], key, **given)

    monkeypatch.setattr(sdir_async, "Maskinporten", local)
    for name, module in _vault(key).items():
        monkeypatch.setitem(sys.modules, name, module)


def _vault(key: RSAPrivateKey) -> dict[str, types.ModuleType]:
    """Return modules like those of Azure's vault, with what the page uses of them."""

    class CryptographyClient:
        def __init__(self, *_: object) -> None:
            pass

        async def sign(self, algorithm: str, digest: bytes) -> object:
            assert algorithm == "RS256"
            signature = key.sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))
            return types.SimpleNamespace(signature=signature)

    algorithms = types.SimpleNamespace(rs256="RS256")
    contents: dict[str, dict[str, object]] = {
        "azure.identity.aio": {"DefaultAzureCredential": object},
        "azure.keyvault.keys.crypto.aio": {
            "CryptographyClient": CryptographyClient,
            "SignatureAlgorithm": algorithms,
        },
    }
    modules: dict[str, types.ModuleType] = {}
    for name, inside in contents.items():
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            part = ".".join(parts[:length])
            modules.setdefault(part, types.ModuleType(part))
        for each, value in inside.items():
            setattr(modules[name], each, value)
    return modules


def test_the_table_of_refusals_is_that_of_the_code() -> None:
    """Each code, what it means, what to do, and who."""
    page = (ROOT / "docs" / "maskinporten.md").read_text()
    rows = re.findall(r"^\| `(MP-\d+)` \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    told = {code: tuple(rest) for code, *rest in rows}
    assert told == {code: (each.text, each.advice, each.who) for code, each in MEANINGS.items()}


async def _given(local_sdir: functools.partial[Sdir]) -> dict[str, Any]:
    public = {name: getattr(sdir_async, name) for name in sdir_async.__all__}
    return public | {"sdir": local_sdir(), "address": local_sdir.keywords["base_url"]}


def _run(snippet: str, page: str, names: dict[str, Any], runner: asyncio.Runner) -> None:
    """Run a program as it is, a piece that awaits something in the page's event loop."""
    code = compile(snippet, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        runner.run(eval(code, names))
    else:
        exec(code, names)


def test_the_first_upload_says_what_was_rejected(
    local_sdir: functools.partial[Sdir], capsys: pytest.CaptureFixture[str]
) -> None:
    """It has at most twelve lines of code, and shows the one bad record among its 500."""
    _, program = next(_snippets(ROOT / "README.md", "python"))
    assert sum(map(bool, program.splitlines())) <= 12
    exec(program.replace(SANDBOX, local_sdir.keywords["base_url"]), {})
    printed = capsys.readouterr().out
    assert "499 accepted, 1 rejected, 0 in doubt, 0 unsent" in printed
    assert "record 465: " in printed


@every_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    """In commands and in running text."""
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= _targets()


def test_make_calls_only_scripts_that_exist() -> None:
    """And `make help` is told about every target."""
    makefile = (ROOT / "Makefile").read_text()
    scripts = re.findall(r"scripts/\w+\.py", makefile)
    assert scripts
    assert all((ROOT / script).exists() for script in scripts)
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert described == _targets()


def _first_lines(count: int) -> bytes:
    with gzip.open(demo.FOLDER / "records.jsonl.gz") as lines:
        return b"".join(islice(lines, count))


def _snippets(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """Yield the line before each snippet, counted from 1, and its text."""
    text = page.read_text()
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text[: found.start(1)].count("\n"), found[1]


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    return set(phony[1].split()) if phony else set()
