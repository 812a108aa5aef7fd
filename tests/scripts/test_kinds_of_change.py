"""`make changes` names every kind of change, and whether it breaks; the docs list them all."""

from __future__ import annotations

import pytest
from comparison.differ import Change, compare, compare_servers

from sdir_async.generation.prepare import prepare
from sdir_async.generation.servers import HOSTS

from .conftest import ROOT
from .kinds import KINDS, Kind
from .test_cases import yaml_of

TABLE = ROOT / "docs" / "changes.md"


def changes(kind: Kind) -> list[Change]:
    """Return what is said about a change."""
    given = kind.applied(yaml_of("changes_demo"))
    before, after = (prepare(each, hosts=HOSTS)[0] for each in given)
    return [*compare_servers(before, after), *compare(before, after)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_change_is_named_and_weighed(kind: Kind) -> None:
    """Nothing that a caller can notice goes without a word."""
    found = {change.what: change.breaking for change in changes(kind)}
    assert kind.said in found
    assert found[kind.said] is kind.breaking
    assert any(found.values()) is kind.breaking


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_table_in_the_docs_says_the_same(kind: Kind) -> None:
    """One row for each kind, in its words."""
    row = f"| {kind.name} | `{kind.said}` | {'yes' if kind.breaking else 'no'} |"
    assert row in TABLE.read_text(encoding="utf-8")


def test_there_are_at_least_fifty_kinds() -> None:
    """Each under a name of its own."""
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 50
