"""How each parameter is written into a request: code, by `style` and `explode`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.any import AnyProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty

if TYPE_CHECKING:
    from .walk import Json

_SEPARATORS = {"pipeDelimited": "|", "spaceDelimited": " "}


def entry(prop: Any, parameter: Json) -> str:
    """Return an entry of the dictionary of parameters, as code.

    Most values are sent unchanged, each under the name of its parameter. An object becomes several
    parameters, or one text.
    """
    name, value = prop.name.get_untrusted_value(), str(prop.python_name)
    if parameter.get("x-sdir-json"):
        return f"{name!r}: _parameters.as_json({value})"
    if parameter["in"] == "path":
        return f"{name!r}: {_in_path(prop, parameter)}"
    if parameter["in"] == "header" and _holds(prop, ModelProperty, AnyProperty, ListProperty):
        explode = parameter.get("explode") is True
        return f"{name!r}: _parameters.in_header({value}, explode={explode})"
    style = str(parameter.get("style") or "form")
    explode = parameter.get("explode", style == "form") is not False
    if _holds(prop, ModelProperty, AnyProperty) and parameter["in"] == "query":
        return f"**_parameters.spread({name!r}, {value}, {style!r}, explode={explode})"
    if _holds(prop, ListProperty) and not explode:
        return f"{name!r}: _parameters.joined({value}, {_SEPARATORS.get(style, ',')!r})"
    return f"{name!r}: {value}"


def _in_path(prop: Any, parameter: Json) -> str:
    style, explode = str(parameter.get("style") or "simple"), parameter.get("explode") is True
    wide = parameter.get("x-sdir-wide") is True
    plain = style == "simple" and not wide
    if plain and not _holds(prop, ModelProperty, AnyProperty, ListProperty):
        return str(prop.python_name)
    name = str(parameter.get("x-sdir-name") or parameter["name"])
    more = f", {style!r}, explode={explode}, wide={wide}"
    return f"_parameters.in_path({name!r}, {prop.python_name}{more})"


def _holds(prop: Any, *kinds: type) -> bool:
    return isinstance(prop, kinds) or (
        isinstance(prop, UnionProperty)
        and any(_holds(each, *kinds) for each in prop.inner_properties)
    )
