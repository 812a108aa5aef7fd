"""What can be sent, as `TypedDict`s, so that type checkers can check mappings."""

from __future__ import annotations

import keyword
import unicodedata
from typing import TYPE_CHECKING, Any

from attrs import define
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.enum_property import EnumProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty

from .names import free
from .understood import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openapi_python_client.parser.openapi import Endpoint, GeneratorData
    from openapi_python_client.parser.properties import Property

MODULE = ".records"


@define
class Field:
    """One key of a dictionary, as JSON has it.

    Attributes:
        name: The key.
        type: The type of its value, as code that stands outside of functions.
        description: What the document says about it.
    """

    name: str
    type: str
    description: str


@define
class Dict:
    """A `TypedDict`, as the templates see it."""

    name: str
    model: str
    fields: list[Field]

    @property
    def plain(self) -> list[Field]:
        """The keys that can be written as fields of a class."""
        return [each for each in self.fields if _is_field(each.name)]

    @property
    def odd(self) -> list[Field]:
        """The other keys, which are in a separate class before it.

        Type checkers refuse a circle of dictionaries that are all written as calls.
        """
        return [each for each in self.fields if not _is_field(each.name)]


_IN_TYPES = frozenset({"Any", "Literal", "bool", "dict", "float", "int", "list", "str"})


def _is_field(name: str) -> bool:
    """Whether a class can have a field of exactly this name without hiding a type."""
    plain = name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")
    return plain and name not in _IN_TYPES and unicodedata.normalize("NFKC", name) == name


class Dicts:
    """The dictionaries of what a version's operations take in their bodies."""

    def __init__(self, data: GeneratorData, endpoints: Iterable[Endpoint], own: str) -> None:
        self._models = {str(model.class_info.name): model for model in data.models}
        taken = {*self._models, *(str(each.class_info.name) for each in data.enums), own}
        taken |= {_name(prop) for model in data.models for prop in fields_of(model)}
        bodies = [endpoint.bodies[0].prop for endpoint in endpoints if endpoint.bodies]
        found: dict[str, None] = {}
        waiting = [model for body in bodies for model in _models_in(body)]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._models and fields_of(self._models[name]):
                found[name] = None
                fields = fields_of(self._models[name])
                waiting += [inner for prop in fields for inner in _models_in(prop)]
        self._names: dict[str, str] = {}
        for name in sorted(found):
            self._names[name] = free(f"{name}Dict", {*taken, *self._names.values()})

    @property
    def names(self) -> list[str]:
        """The names of the classes."""
        return list(self._names.values())

    def __iter__(self) -> Iterator[Dict]:
        """Yield each, in the order of names."""
        for model, name in self._names.items():
            named = [prop for prop in fields_of(self._models[model]) if _name(prop)]
            yield Dict(name, model, list(map(self._field, named)))

    def taken_by(self, body: Any) -> str:
        """Return the type of a body that may hold mappings instead of models, as code."""
        plain = str(body.get_type_string(no_optional=True).as_unembedded_code())
        if not any(name in self._names for name in _models_in(body)):
            return plain
        if isinstance(body, ListProperty):
            return f"Sequence[{self.taken_by(body.inner_property)}]"
        if isinstance(body, UnionProperty):
            return " | ".join(dict.fromkeys(map(self.taken_by, body.inner_properties)))
        return f"{plain} | {self._names[str(body.class_info.name)]}"

    def _field(self, prop: Any) -> Field:
        told = self._type_of(prop)
        quoted = f'"{told}"' if any(name in told for name in self._names.values()) else told
        description = prop.description.get_untrusted_value() if prop.description else ""
        return Field(
            _name(prop),
            quoted if prop.required else f"_NotRequired[{quoted}]",
            description.strip(),
        )

    def _type_of(self, prop: Any) -> str:
        """Return the type of a value in JSON, as code."""
        if isinstance(prop, ListProperty):
            return f"list[{self._type_of(prop.inner_property)}]"
        if isinstance(prop, UnionProperty):
            return " | ".join(dict.fromkeys(map(self._type_of, prop.inner_properties)))
        if isinstance(prop, ModelProperty):
            return self._names.get(str(prop.class_info.name), "dict[str, Any]")
        if isinstance(prop, EnumProperty):
            return str(prop.value_type.__name__)
        return str(prop.get_type_string(no_optional=True, json=True).as_unembedded_code())


def _name(prop: Property) -> str:
    return str(prop.name.get_untrusted_value())


def _models_in(prop: Any) -> list[str]:
    """Return the classes of a value, without the classes inside them."""
    if isinstance(prop, ListProperty):
        return _models_in(prop.inner_property)
    if isinstance(prop, UnionProperty):
        return [name for each in prop.inner_properties for name in _models_in(each)]
    return [str(prop.class_info.name)] if isinstance(prop, ModelProperty) else []
