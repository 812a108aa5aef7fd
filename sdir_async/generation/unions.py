"""What the templates need to know about a value of several kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.any import AnyProperty
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.string import StringProperty
from openapi_python_client.parser.properties.union import UnionProperty

from .walk import SCHEMAS, Json, schemas_in

if TYPE_CHECKING:
    from collections.abc import Callable

_AS_IT_IS = (
    AnyProperty,
    BooleanProperty,
    ConstProperty,
    FloatProperty,
    IntProperty,
    NoneProperty,
    StringProperty,
)
Discriminators = dict[frozenset[str], tuple[str, dict[str, str]]]


def several(prop: Any) -> bool:
    """Whether a value has another kind besides one, or null and one.

    The generator's own code for null and one looks for null first. It leaves a name without a
    value where there is no null: alternatives that it takes for the same class.
    """
    if not isinstance(prop, UnionProperty):
        return False
    kinds = [each for each in prop.inner_properties if not isinstance(each, NoneProperty)]
    return len(kinds) != 1 or len(kinds) == len(prop.inner_properties)


def converts(prop: Any) -> bool:
    """Whether a value differs between Python and JSON."""
    if isinstance(prop, UnionProperty):
        return any(map(converts, prop.inner_properties))
    if isinstance(prop, ListProperty):
        return converts(prop.inner_property)
    return not isinstance(prop, _AS_IT_IS)


def discriminators(document: Json) -> Discriminators:
    """Return the discriminators of alternatives, by the names of their classes."""
    found: Discriminators = {}
    for _, schema in schemas_in(document):
        if "x-sdir-variants" in schema:
            field, names = schema["discriminator"]["propertyName"], schema["x-sdir-variants"]
            classes = {
                str(each.get("$ref")).removeprefix(SCHEMAS)
                for each in [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
            }
            known = {value: name for value, name in names.items() if name in classes}
            found[frozenset(known.values())] = field, known
    return found


def naming(known: Discriminators) -> Callable[[UnionProperty], Any]:
    """Return what finds the discriminator of a union."""

    def of(union: UnionProperty) -> tuple[str, dict[str, str]] | None:
        inner = [each for each in union.inner_properties if isinstance(each, ModelProperty)]
        return known.get(frozenset(str(each.class_info.name) for each in inner))

    return of
