"""Classes that extend another by `allOf`, told apart by its discriminator.

Frameworks describe the subclasses of a class in two ways. As alternatives, which need no more than
a discriminator; or each on its own, as `allOf` the base class and more. Then a reference to the
base class means any of them, though the document does not say so there.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from .walk import SCHEMAS, Json, LeftOut, become, components, references, schemas_in

MARK = "x-sdir-extended"
_PART_OF_ALL = re.compile(r"/allOf/\d+$")


def note_subclasses(document: Json) -> list[LeftOut]:
    """Note on each base class which class each value of its discriminator means."""
    named = components(document)
    for base, schema in named.items():
        told = schema.get("discriminator")
        classes = _extending(named, base)
        if not isinstance(told, dict) or "propertyName" not in told or not classes:
            continue
        known = variants_of(told.get("mapping") or {}, classes, named)
        for word in ("oneOf", "anyOf"):
            if {*references(schema.get(word))} <= {SCHEMAS + name for name in classes}:
                schema.pop(word, None)
        schema |= {"type": "object", MARK: {**known, "": base}}
        for name in classes:
            named[name].setdefault("type", "object")
    return []


def _extending(named: Json, base: str) -> list[str]:
    """Return the names of the classes that extend a class, also through others."""
    found: list[str] = []
    waiting = [base]
    while waiting:
        wanted = {"$ref": SCHEMAS + waiting.pop(0)}
        more = [
            name
            for name, schema in named.items()
            if wanted in schema.get("allOf", ()) and name not in (base, *found)
        ]
        found += more
        waiting += more
    return found


def variants_of(mapping: Json, classes: list[str], named: Json) -> dict[str, str]:
    """Return which named schema each value of a discriminator means.

    A mapping leads to a schema by reference or by name. A class that no value is mapped to is meant
    by its own name, as OpenAPI has it.
    """
    mapped = {str(v): unquote(str(to)).removeprefix(SCHEMAS) for v, to in mapping.items()}
    implied = {name: name for name in classes if name not in mapped.values()}
    return {v: name for v, name in {**implied, **mapped}.items() if name in named}


def expand_bases(document: Json) -> list[LeftOut]:
    """Let references to a base class take its subclasses, too; an unknown one is the base.

    If a class extends it, only the base is meant.
    """
    bases = {SCHEMAS + name: s for name, s in components(document).items() if MARK in s}
    for place, schema in list(schemas_in(document)):
        base = bases.get(str(schema.get("$ref")))
        if base is None or _PART_OF_ALL.search(place):
            continue
        variants: dict[str, str] = base[MARK]
        names = dict.fromkeys([variants[""], *variants.values()])
        words = {key: value for key, value in schema.items() if key != "$ref"}
        union = {
            "oneOf": [{"$ref": SCHEMAS + name} for name in names],
            "discriminator": base["discriminator"],
            "x-sdir-variants": dict(variants),
        }
        become(schema, words | union)
    return []
