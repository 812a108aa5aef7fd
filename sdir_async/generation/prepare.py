"""Turns a published document into one from which a small client can be generated.

Pure functions, document in, document out: the upstream file is never edited for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial

from . import class_steps, inheritance, operation_steps, schema_steps
from .batches import list_candidates, mark_batches
from .class_steps import DECIDING
from .names import name_operations
from .servers import note_servers
from .walk import Json, LeftOut, Operation, become, components, operations, schemas_in

Step = Callable[[Json], list[LeftOut]]

OPERATION_STEPS: tuple[Step, ...] = (
    operation_steps.inline_paths,
    operation_steps.list_unused_parts,
    operation_steps.keep_successes,
    operation_steps.inline_references,
    operation_steps.own_servers,
    operation_steps.keep_json,
    operation_steps.require_bodies,
    operation_steps.describe_parameters,
    operation_steps.complete_paths,
)
SCHEMA_STEPS: tuple[Step, ...] = (
    schema_steps.make_whole,
    schema_steps.mend_references,
    schema_steps.join_siblings,
    schema_steps.known_types,
    schema_steps.nullable_as_type,
    inheritance.note_subclasses,
    schema_steps.note_variants,
    schema_steps.bounds_as_numbers,
    schema_steps.usable_enums,
    schema_steps.describe_defaults,
    schema_steps.single_parts,
    inheritance.expand_bases,
    class_steps.name_inner_classes,
    class_steps.inline_plain_schemas,
)
LAST_STEPS: tuple[Step, ...] = (
    operation_steps.keep_sendable_parameters,
    operation_steps.plain_path_parameters,
    operation_steps.one_answer,
    operation_steps.merge_tags,
    name_operations,
    class_steps.name_classes_of_operations,
    mark_batches,
    list_candidates,
    class_steps.drop_unused_schemas,
)

_SCHEMA = (
    "$ref type format enum const properties required additionalProperties items prefixItems"
    " allOf anyOf oneOf description example x-enum-varnames"
)
_KEPT = frozenset(_SCHEMA.split())
_FIRST_STATUS = 200


def prepare(
    document: Json,
    taken: frozenset[str] = frozenset(),
    hosts: Mapping[str, str] | None = None,
) -> tuple[Json, list[LeftOut]]:
    """Apply every step to a copy of the document; return it with what was left out.

    Args:
        document: As it was read.
        taken: Names that no class of a record may have.
        hosts: Where each environment is; without them the servers are not looked at.
    """
    prepared = copy.deepcopy(document)
    last: tuple[Step, ...] = (*LAST_STEPS, partial(class_steps.name_classes, taken=taken))
    if hosts is not None:
        last = (*last, partial(note_servers, hosts=hosts))
    left = [found for step in (*OPERATION_STEPS, *SCHEMA_STEPS, *last) for found in step(prepared)]
    return prepared, left


def for_generator(document: Json) -> Json:
    """Return only what the generator uses, so that nothing else can stop it."""
    document = copy.deepcopy(document)
    class_steps.merge_all_of(document)
    class_steps.let_out_read_only(document)
    class_steps.open_patterns(document)
    alone = {each.name: alternatives_of(each) for each in operations(document)}
    for _, schema in reversed(list(schemas_in(document))):
        for keyword in schema.keys() - _KEPT:
            del schema[keyword]
        _plain_constant(schema)
        _plain_alternatives(schema)
    paths: Json = {}
    for operation in operations(document):
        reduced = _reduced(operation.node, alone[operation.name])
        paths.setdefault(operation.path, {})[operation.method] = reduced
    return {
        "openapi": "3.1.0",
        "info": {"title": "API", "version": "1"},
        "paths": paths,
        "components": {"schemas": components(document)},
    }


def alternatives_of(operation: Operation) -> list[Json]:
    """Return the schemas of an operation's answers, where its statuses have different ones."""
    answer = operation.answer or {}
    return list(answer["anyOf"]) if "x-sdir-answers" in operation.node else []


def _plain_constant(schema: Json) -> None:
    """Text and whole numbers are constants in Python; the check before sending knows others too."""
    constant = schema.get("const", "")
    if type(constant) not in (str, int):
        del schema["const"]
        if isinstance(constant, bool | float):
            schema.setdefault("type", "boolean" if isinstance(constant, bool) else "number")


def _plain_alternatives(schema: Json) -> None:
    """Any value, or something else, is any value; conditions on fields are not kinds of value.

    Alternatives that lead to the same class are one.
    """
    for word in ("anyOf", "oneOf"):
        given = schema.get(word, [])
        if given and all(each == given[0] for each in given) and "type" not in schema:
            become(schema, {**schema, **given[0]})
            del schema[word]
        if word in schema and not any(each.keys() & DECIDING for each in schema[word]):
            del schema[word]
    if {} in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        become(schema, {key: schema[key] for key in ("description",) if key in schema})


def _reduced(node: Json, alone: list[Json]) -> Json:
    """Return the parts of an operation that the generator uses, in the types that it wants."""
    body = node.get("requestBody")
    return {
        "operationId": node["operationId"],
        "summary": str(node.get("summary") or ""),
        "description": str(node.get("description") or ""),
        "parameters": [
            {
                "name": parameter["name"],
                "in": parameter["in"],
                "required": parameter.get("required") is True,
                "schema": parameter["schema"],
            }
            for parameter in node["parameters"]
        ],
        "responses": _answers(node, alone),
    } | ({"requestBody": {"required": True, "content": body["content"]}} if body else {})


def _answers(node: Json, alone: list[Json]) -> Json:
    """Return the answer of any status, and after it each that only some statuses have."""
    (answer,) = node["responses"].values()
    contents = [answer["content"], *({"application/json": {"schema": each}} for each in alone)]
    return {
        str(_FIRST_STATUS + number): {"description": "", "content": content}
        for number, content in enumerate(contents)
    }
