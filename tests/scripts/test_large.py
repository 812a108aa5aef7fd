"""A document larger and odder than ours: all that is JSON in it can be called."""

from __future__ import annotations

import cProfile
import json
import re
from typing import TYPE_CHECKING

import pytest

from sdir_async.generation.walk import operations

from .conftest import Checkout
from .large import BATCHES, OPERATIONS, large

if TYPE_CHECKING:
    from pathlib import Path

    from .toys import Json

LEFT_OUT = 2


MOST_STEPS = 120_000
"""Calls of functions for each operation; they were 57,000 when this was written."""


def generate(root: Path, document: Json) -> tuple[Checkout, int]:
    """Generate from a document; return the checkout, and how many functions were called for it."""
    checkout = Checkout(root)
    checkout.add("fleet/v1.json", document)
    with cProfile.Profile() as profile:
        checkout.generate()
    return checkout, sum(each.callcount for each in profile.getstats())


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, int]:
    return generate(tmp_path_factory.mktemp("large"), large())


@pytest.fixture(scope="module")
def generated(generation: tuple[Checkout, int]) -> Checkout:
    generation[0].with_core()
    return generation[0]


def test_the_document_is_as_large_as_it_says() -> None:
    """The large document has 137 operations, so that the counts below mean something."""
    assert len(operations(large())) == OPERATIONS


def test_the_work_grows_with_the_document_and_no_faster(
    generation: tuple[Checkout, int], tmp_path: Path
) -> None:
    """Half of the operations take about half of the calls, whatever the machine, and not many."""
    _, whole = generation
    _, half = generate(tmp_path, large(BATCHES // 2, OPERATIONS // 2))
    assert whole / half < 2.3
    assert whole / OPERATIONS < MOST_STEPS


def test_every_operation_that_speaks_json_is_a_method_with_a_readable_name(
    generated: Checkout,
) -> None:
    """All operations but two are methods with unique names, and no name has a hex id in it."""
    text = generated.text("fleet/v1/operations.py")
    names = re.findall(r"    async def (\w+)\(", text)
    assert len(set(names)) == len(names) == OPERATIONS - LEFT_OUT
    assert not [name for name in names if re.search(r"[0-9a-f]{24}|__", name)]
    assert {"get_odd_file", "get_plain_0", "wild", "v1_getkind3", "kind0_post_kind0"} <= {
        name.replace("kind_", "kind") for name in names
    }


def test_every_batch_by_reference_is_an_upload_of_its_own(generated: Checkout) -> None:
    """Each of the 22 batches whose list is a reference has a schema under its own name."""
    schemas = json.loads(generated.text("fleet/v1/schemas.json"))
    assert len(schemas) == BATCHES
    assert all(name.endswith("_batch") for name in schemas)


def test_its_types_hold(generated: Checkout) -> None:
    """The code generated from the large document passes the type checker."""
    assert "no issues found" in generated.mypy()


def test_it_can_be_imported_and_its_records_read_and_written(generated: Checkout) -> None:
    """The code can be imported, a record is written as it was read, and `describe` knows it."""
    code = (
        "from sdir_async import describe\n"
        "from sdir_async.api.fleet.v1 import Kind0\n"
        "given = {'name': 'a', 'next': None, 'flag': 'NO', 'owner': {'name': 'b'}, 'tags': [1]}\n"
        "assert Kind0.from_dict(given).to_dict() == given\n"
        "assert len(describe('fleet').batches) == 22\n"
        "print(describe('fleet').servers['test'])"
    )
    assert generated.run("-c", code) == "https://sdir-t-apim-common.azure-api.net/fleet\n"


@pytest.mark.parametrize(
    "line",
    [
        "| POST /odd/photo | operation | its body is multipart/form-data, not JSON |",
        "| GET /odd/report | operation | it answers application/pdf, not JSON |",
        "| PUT /odd/both | body as application/xml | text/json is used |",
        "the type file | OpenAPI 3 has no such type: any value |",
        "the type of #/components/schemas/Gone | it leads to nothing: any value |",
        "| GET /api/kind0 | header parameter Ocp-Apim-Subscription-Key | the subscription key",
    ],
)
def test_all_that_was_left_out_is_listed_with_its_reason(generated: Checkout, line: str) -> None:
    """`left_out.md` has a line with a reason for each kind of part that was left out."""
    assert line in generated.text("fleet/v1/left_out.md")
