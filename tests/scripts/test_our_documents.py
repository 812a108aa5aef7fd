"""The documents that were written here; an export of Sdir's may stand in the place of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from openapi_spec_validator import validate

from sdir_async.generation.documents import Source, find_sources, load

ROOT = Path(__file__).parents[2]

OURS = [
    source
    for source in find_sources(ROOT / "openapi")
    if b"x-sdir-source" in source.path.read_bytes()
]
each_of_ours = pytest.mark.parametrize("source", OURS, ids=lambda source: source.name)


@each_of_ours
def test_it_is_valid(source: Source) -> None:
    """What others publish need not be: the preparation takes it as it comes."""
    validate(load(source))


@each_of_ours
def test_nothing_of_it_is_left_out(source: Source) -> None:
    """Each document written here has generated code and no `left_out.md`."""
    version = ROOT / "sdir_async" / "api" / source.api / source.version
    assert version.is_dir()
    assert not (version / "left_out.md").exists()
