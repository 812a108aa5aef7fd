"""A law for any schema: a record that fits goes out as it is, passes the check, and comes back."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from sdir_async.generation.run import OWN, Place, run
from sdir_async.upload.formats import FORMATS

from .shapes import record
from .toys import content, document, operation, ref

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = range(60)
SHAPES = {f"R{seed}": record(seed) for seed in SEEDS}
plain = st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=9)
junk = plain | st.lists(plain, max_size=2) | st.dictionaries(st.text(max_size=2), plain, max_size=2)
thorough = settings(
    max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """All schemas in one document, generated into a package of its own."""
    root = tmp_path_factory.mktemp("shapes")
    place = Place(root / "openapi", root / "sdir_shapes", name="sdir_shapes", command=OWN)
    (place.documents / "shapes").mkdir(parents=True)
    paths = {
        f"/{name}/batch": {
            "post": operation(f"make{name}", body={"type": "array", "items": ref(name)})
        }
        for name in SHAPES
    }
    paths |= {f"/{name}": {"get": {"responses": {"200": content(ref(name))}}} for name in SHAPES}
    made = document(paths, {name: shape.schema for name, shape in SHAPES.items()})
    (place.documents / "shapes" / "v1.json").write_text(json.dumps({**made, "openapi": "3.1.0"}))
    assert run(place) == 0
    sys.path.insert(0, str(root))
    yield importlib.import_module("sdir_shapes.shapes.v1")
    sys.path.remove(str(root))


@pytest.fixture(scope="module")
def checks(models: Any) -> dict[str, Any]:
    """The check of each record, as an upload uses it."""
    schemas = json.loads(models.__spec__.loader.get_data(models.__path__[0] + "/schemas.json"))
    return {
        kind: jsonschema_rs.validator_for(schema, formats=dict(FORMATS), validate_formats=True)
        for kind, schema in schemas.items()
    }


@pytest.mark.parametrize("name", SHAPES)
def test_a_record_that_fits_goes_out_passes_and_comes_back(
    models: Any, checks: dict[str, Any], name: str
) -> None:
    """JSON to model, to bytes, to the check, to the model again: the same each time."""
    model, check = getattr(models, name), checks[f"make_{name.lower()}"]

    @thorough
    @given(SHAPES[name].values)
    def hold(data: dict[str, Any]) -> None:
        made = model.from_dict(data)
        body = orjson.dumps(made.to_dict())
        assert orjson.loads(body) == data
        assert check.is_valid(orjson.loads(body))
        assert model.from_dict(orjson.loads(body)) == made

    hold()


@pytest.mark.parametrize("name", SHAPES)
def test_what_the_check_refuses_a_reference_refuses(
    models: Any, checks: dict[str, Any], name: str
) -> None:
    """The check is never stricter than the schema of the document."""
    check = checks[f"make_{name.lower()}"]
    reference = Draft202012Validator(
        SHAPES[name].schema, format_checker=Draft202012Validator.FORMAT_CHECKER
    )

    @thorough
    @given(SHAPES[name].values, st.sampled_from(sorted(SHAPES[name].schema["properties"])), junk)
    def hold(data: dict[str, Any], field: str, value: Any) -> None:
        odd = {**data, field: value}
        assert check.is_valid(odd) or not reference.is_valid(odd)

    hold()
