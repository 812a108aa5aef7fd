"""Runs openapi-python-client on a prepared document, and writes one version with our templates."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.errors import GeneratorError, ParseError
from openapi_python_client.parser.openapi import GeneratorData
from openapi_python_client.parser.properties import Schemas, build_schemas
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.schema import OpenAPI
from openapi_python_client.schema.parameter_location import ParameterLocation
from openapi_python_client.schema.untrusted_string import UntrustedString

from .distinct import Aliases, tell_apart
from .failures import DocumentError
from .names import PREFIX
from .understood import endpoints_of, fields_of, type_of
from .unions import converts, several
from .walk import SCHEMAS, Json, LeftOut, become, components, operations, references

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .dicts import Dicts

# The generator refuses dates, lists and objects in headers; ours are written by `parameters`.
PropertyProtocol._allowed_locations.add(ParameterLocation.HEADER)  # noqa: SLF001

TEMPLATES = Path(__file__).parent / "templates"
SETTINGS = Path(__file__).parent / "settings.yml"
_REASONS = (
    ("non-object", "`allOf` joins it from parts that are not all objects"),
    ("was not processed|[Cc]ircular", "it is a part of itself"),
    ("can't (merge|combine|redefine)|incompatible", "its parts give one field different types"),
    ("same type|enum type", "the values of its enum are of several types"),
    ("in union", "one of its alternatives has no type"),
    ("not found|not find", "it refers to something that has no class"),
    ("[Pp]ython.?(identifier|name)", "two of its names are the same in Python"),
    ("path templating", "its parameters are not those of its path"),
    ("[Dd]uplicate", "one of its parameters is declared twice"),
)
"""Messages of the generator, as patterns, and what they mean."""
STOCK = PackageLoader("openapi_python_client")
_IN_MODELS = frozenset(
    [
        "additional_keys",
        "additional_properties",
        "cast",
        "cls",
        "d",
        "field_dict",
        "from_dict",
        "prop",
        "prop_dict",
        "prop_name",
        "src_dict",
        "to_dict",
    ]
)


class Version(Project):
    """The generator's project, reduced to what a version needs: operations, models, names."""

    def build_version(self, names: list[tuple[str, str]], dicts: Dicts, **values: object) -> None:
        """Write the package.

        Args:
            names: The public names, each with its module.
            dicts: What can be sent, as mappings.
            values: Values for the templates.
        """
        self.env.loader = ChoiceLoader(
            [FileSystemLoader(TEMPLATES), PrefixLoader({"stock": STOCK}), STOCK]
        )
        self.env.filters["literal"] = literal
        self.env.filters["type_of"] = type_of
        self.env.tests["named"] = lambda name, names: name.get_untrusted_value() in names
        self.env.globals.update(values, dicts=dicts, several=several, converts=converts)
        self.package_dir.mkdir(parents=True)
        if self.openapi.models or self.openapi.enums:
            self._build_models()
        self._write("operations.py", "operations.py.jinja", imports=self._imports())
        if dicts.names:
            self._write("records.py", "records.py.jinja", dicts=dicts)
        self._write("__init__.py", "version_init.py.jinja", names=names)

    def _write(self, name: str, template: str, **values: object) -> None:
        text = self.env.get_template(template).render(**values)
        (self.package_dir / name).write_text(text, encoding="utf-8")

    def _imports(self) -> list[str]:
        endpoints = endpoints_of(self.openapi)
        found = {line for endpoint in endpoints for line in endpoint.relative_imports}
        ours = sorted(line for line in found if "...types" not in line)
        return [line.replace("from ...models", "from .models") for line in ours]

    def public_names(self) -> list[tuple[str, str]]:
        """Return the names of the models and enums, each with its module."""
        classes = [model.class_info for model in [*self.openapi.models, *self.openapi.enums]]
        return [(str(info.name), f".models.{info.module_name}") for info in classes]


def literal(value: object) -> str:
    """Write a value of a document as a Python literal."""
    return repr(value.get_untrusted_value() if isinstance(value, UntrustedString) else value)


def config_for(target: Path) -> Config:
    """Return the generator's settings for writing to a folder."""
    settings = ConfigFile.load_from_path(SETTINGS)
    settings.field_prefix = PREFIX
    return Config.from_sources(settings, MetaType.NONE, "", "utf-8", True, target)


def understand(document: Json, config: Config) -> tuple[GeneratorData, list[LeftOut]]:
    """Let the generator read a reduced document; what it can't express becomes any value.

    A schema or an operation that it refuses is simplified step by step until it passes: one unusual
    part of a document must not stop the rest.
    """
    left: list[LeftOut] = []
    simplified: set[str] = set()
    aliases = tell_apart(document)
    while True:
        data = GeneratorData.from_dict(_copy(document), config=config)
        if isinstance(data, GeneratorError):
            raise DocumentError("", f"{data.header}: {data.detail}")
        found = _simplify_schemas(document, data, config) or _simplify_operations(
            document, data, simplified
        )
        if not found:
            _restore_names(data, aliases)
            _step_aside(data, config)
            return data, left
        gone = {each.where for each in found if each.what == "operation"}
        left = [each for each in left if each.where not in gone] + found


def _restore_names(data: GeneratorData, aliases: Aliases) -> None:
    """Restore the document's names on the wire for everything that was renamed in Python."""
    fields = [prop for model in data.models for prop in fields_of(model)]
    given = [prop for each in endpoints_of(data) for _, prop in each.iter_all_parameters()]
    for prop in [*fields, *given]:
        name = prop.name.get_untrusted_value()
        if name in aliases:
            object.__setattr__(prop, "name", UntrustedString(aliases[name]))


def _step_aside(data: GeneratorData, config: Config) -> None:
    """Add an underscore to fields that have a name used in the methods of a model."""
    for model in data.models:
        for prop in fields_of(model):
            if prop.python_name in _IN_MODELS:
                name = UntrustedString(f"{prop.python_name}_")
                prop.set_python_name(name, config, skip_snake_case=True)


def _simplify_schemas(document: Json, data: GeneratorData, config: Config) -> list[LeftOut]:
    if not data.errors:
        return []
    named = components(document)
    broken = named.keys() - _understood(document, config)
    innermost = [name for name in broken if not (_mentioned(named[name]) & broken) - {name}]
    for name in innermost or broken:
        become(named[name], {})
    return [
        LeftOut(f"schema {name}", "its fields", f"any value; {_why(name, data.errors)}")
        for name in sorted(innermost or broken)
    ]


def _why(name: str, errors: Iterable[ParseError]) -> str:
    """Say in one sentence why the generator refuses something; its messages hold schemas."""
    said = (f"{error.header or ''} {error.detail or ''}" for error in errors)
    own = next((words for words in said if re.search(rf"\b{re.escape(name)}\b", words)), "")
    reasons = (reason for pattern, reason in _REASONS if re.search(pattern, own))
    return next(reasons, "the generator has no type for it")


def _understood(document: Json, config: Config) -> set[str]:
    read = OpenAPI.model_validate(_copy(document))
    schemas = read.components.schemas if read.components else None
    built = build_schemas(components=schemas or {}, schemas=Schemas(), config=config)
    paths = [path.get_untrusted_value() for path in built.classes_by_reference]
    return {path.removeprefix("/components/schemas/") for path in paths}


def _copy(document: Json) -> Json:
    """Return a copy that the generator may change."""
    copied: Json = json.loads(json.dumps(document))
    return copied


def _mentioned(schema: Json) -> set[str]:
    return {reference.removeprefix(SCHEMAS) for reference in references(schema)}


def _simplify_operations(document: Json, data: GeneratorData, seen: set[str]) -> list[LeftOut]:
    whole = {endpoint.name for endpoint in endpoints_of(data) if not endpoint.errors}
    groups = data.endpoint_collections_by_tag.values()
    errors = [error for group in groups for error in group.parse_errors]
    left = []
    for operation in operations(document):
        if operation.name in whole:
            continue
        if operation.name in seen:
            del document["paths"][operation.path][operation.method]
            left.append(LeftOut(str(operation), "operation", _why(str(operation), errors)))
        else:
            seen.add(operation.name)
            _take_anything(operation.node)
            why = f"any value; {_why(str(operation), errors)}"
            left.append(LeftOut(str(operation), "its types", why))
    return left


def _take_anything(node: Json) -> None:
    for parameter in node["parameters"]:
        parameter["schema"] = {"type": "string"} if parameter["in"] == "path" else {}
    for holder in (node.get("requestBody") or {}, *node["responses"].values()):
        for media in (holder.get("content") or {}).values():
            media["schema"] = {}
