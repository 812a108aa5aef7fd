"""The JSON Schema of one record of each batch, for the check that comes before sending."""

from __future__ import annotations

from typing import Any

from walk import SCHEMAS, Json, components, references, subschemas

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WORDS = frozenset({"description", "example", "examples", "default", "deprecated", "xml"})
_WORDS_TOO = frozenset({"externalDocs", "discriminator", "readOnly", "writeOnly"})


def item_schema(document: Json, item: Json) -> Json:
    """Return a schema that stands alone: all that the item refers to is under `$defs`.

    Preparation has made JSON Schema of the document's schemas already, so that here only words for
    people go, and references change their address.
    """
    named = components(document)
    needed: dict[str, Any] = {}
    waiting = [item]
    while waiting:
        for reference in references(waiting.pop()):
            name = reference.removeprefix(SCHEMAS)
            if name in named and name not in needed:
                needed[name] = _bare(named[name])
                waiting.append(named[name])
    definitions = {"$defs": dict(sorted(needed.items()))} if needed else {}
    return {"$schema": DIALECT, **_bare(item), **definitions}


def _bare(schema: Json) -> Json:
    bare = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in _WORDS | _WORDS_TOO and not keyword.startswith("x-")
    }
    for keyword, value in bare.items():
        if isinstance(value, dict | list):
            bare[keyword] = value.copy()
    for keyword, key, inner in list(subschemas(bare)):
        plain = _bare(inner) if isinstance(inner, dict) else inner
        if key is None:
            bare[keyword] = plain
        else:
            bare[keyword][key] = plain
    if "$ref" in bare:
        bare["$ref"] = bare["$ref"].replace(SCHEMAS, "#/$defs/")
    return bare
