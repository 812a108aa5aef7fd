"""Where everything generated came from, and when."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdir_async.generation import lock
from sdir_async.generation.failures import GenerationFailed

from .conftest import ROOT
from .toys import document, fleet

if TYPE_CHECKING:
    from .conftest import Checkout


def read(checkout: Checkout) -> lock.Lock:
    return tomllib.loads(checkout.place.lock.read_text())


def test_the_lock_says_what_was_generated_from_and_with(checkout: Checkout) -> None:
    """The lock has the tools, settings and templates, and each document's digest and source."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    found = read(checkout)
    assert found["generator"].keys() == {"openapi-python-client", "ruff", "settings", "templates"}
    assert found["documents"]["fleet/v1.json"]["digest"].startswith("sha256:")
    assert found["documents"]["fleet/v1.json"]["source"] == lock.BY_HAND


def test_the_date_is_that_of_the_last_change(checkout: Checkout) -> None:
    """So that a run on another day writes the same."""
    checkout.add("fleet/v1.json", fleet())
    checkout.generate()
    old = checkout.place.lock.read_text().replace(
        str(read(checkout)["documents"]["fleet/v1.json"]["date"]), "2020-01-01"
    )
    checkout.place.lock.write_text(old)
    checkout.generate()
    assert checkout.place.lock.read_text() == old
    checkout.add("fleet/v1.json", document())
    checkout.generate()
    assert read(checkout)["documents"]["fleet/v1.json"]["date"].year > 2020


def test_a_check_finds_what_is_changed_missing_and_extra(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check returns 1 and names the documents that are changed, not in the lock, or gone."""
    for api in ("one", "two"):
        checkout.add(f"{api}/v1.json", document())
    checkout.generate()
    checkout.add("one/v1.json", document(info={"title": "Toys", "version": "2"}))
    checkout.add("three/v1.json", document())
    (checkout.place.documents / "two/v1.json").rename(checkout.place.documents / "two/v2.json")
    assert checkout.generate(check=True) == 1
    said = capsys.readouterr().err
    assert "openapi/lock.toml: documents one/v1.json: changed" in said
    assert "openapi/lock.toml: documents three/v1.json: missing" in said
    assert "openapi/lock.toml: documents two/v1.json: extra" in said


def test_another_generator_or_template_makes_everything_stale() -> None:
    """Changed, missing and extra tools, settings and templates are each reported as stale."""
    known = {"generator": {"settings": "a", "ruff": "1"}}
    now = {"generator": {"settings": "b", "templates": "c"}}
    assert lock.stale_parts(known, now, Path("openapi/lock.toml")) == [
        "openapi/lock.toml: generator ruff: extra",
        "openapi/lock.toml: generator settings: changed",
        "openapi/lock.toml: generator templates: missing",
    ]


def test_an_overlay_is_part_of_what_was_generated_from(checkout: Checkout) -> None:
    """The lock entry of a document has the digest of its overlay."""
    checkout.add("fleet/v1.json", fleet())
    action = {"target": "$.info", "description": "why", "update": {"title": "Fleet"}}
    checkout.add("fleet/v1.overlay.yaml", {"overlay": "1.0.0", "actions": [action]})
    checkout.generate()
    assert read(checkout)["documents"]["fleet/v1.json"]["overlay"].startswith("sha256:")


def test_a_lock_that_does_not_parse_is_a_clear_mistake(tmp_path: Path) -> None:
    """A lock with a merge conflict raises an error that names the file."""
    path = tmp_path / "lock.toml"
    path.write_text("<<<<<<< HEAD")
    with pytest.raises(GenerationFailed, match=r"lock\.toml"):
        lock.read_lock(path)


def test_the_digest_of_a_folder_knows_names_and_contents(tmp_path: Path) -> None:
    """The digest of a folder changes when a file is renamed and when its content changes."""
    (tmp_path / "a").write_text("1")
    first = lock.digest_of(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = lock.digest_of(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, second, lock.digest_of(tmp_path)}) == 3


def test_our_own_lock_is_there() -> None:
    """The project's own lock can be read and lists documents."""
    assert lock.read_lock(ROOT / "openapi" / "lock.toml")["documents"]
