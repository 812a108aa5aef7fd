"""What the templates must know about a version beyond what the generator tells them."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from attrs import define
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import ClassName, PythonIdentifier, snake_case

from ..openapi.batches import item_of
from ..openapi.schemas import can_check
from ..openapi.security import scopes_of
from .batches import listing_of, upload_names
from .calls import Call
from .class_steps import merge_all_of
from .item_schemas import item_schema, rules_left_to_the_server
from .names import OURS, PREFIX, numbered
from .sending import entry
from .understood import fields_of, type_of
from .walk import SCHEMAS, Json, LeftOut, Operation, components, operations
from .walks import add_walks

if TYPE_CHECKING:
    from openapi_python_client.config import Config
    from openapi_python_client.parser.openapi import Endpoint


_JSON = "application/json"
_ONE = re.compile(r"/\{([^{}]+)\}$")


@define
class Upload:
    """One batch, as the templates see it.

    Attributes:
        call: The operation that it sends to.
        records: The classes that it takes.
        saved: The type of an item of its answer, if that is a list of what was saved.
        identifier: The field of such an item that the path of one record asks for.
        listing: How to ask whether records were saved.
    """

    call: Call
    records: tuple[str, ...]
    saved: str | None
    identifier: str | None
    listing: Json | None


@define
class Facts:
    """One version of one API, as the templates see it.

    `parsers` has a function for each distinct answer, with what the generator knows about that.
    """

    api: str
    version: str
    title: str
    description: str
    servers: dict[str, str]
    class_name: str
    calls: list[Call]
    parsers: dict[str, Any]
    uploads: dict[str, Upload]
    items: dict[str, Json]
    personal: dict[str, list[str]]

    @property
    def base(self) -> str:
        """The class to derive from; with batches it is typed by what they take and give."""
        if not self.uploads:
            return "Operations"
        records = dict.fromkeys(name for upload in self.uploads.values() for name in upload.records)
        saved = dict.fromkeys(upload.saved for upload in self.uploads.values() if upload.saved)
        kinds = ", ".join(f'"{kind}"' for kind in self.uploads)
        taken, given = " | ".join(records), " | ".join(saved) or "Any"
        return f"BatchOperations[{taken}, {given}, Literal[{kinds}]]"


def class_name_of(api: str, version: str = "") -> str:
    """Return the name of the class of an API, or of one version of it."""
    return str(ClassName(api, PREFIX)) + version.upper()


def facts_of(
    api: str,
    version: str,
    document: Json,
    endpoints: list[Endpoint],
    config: Config,
) -> tuple[Facts, list[LeftOut]]:
    """Collect what the document says about its servers, operations and batches."""
    described = {operation.name: operation for operation in operations(document)}
    calls = [_call(endpoint, described[endpoint.name], document, config) for endpoint in endpoints]
    parsers = _name_parsers(calls)
    uploads, left = _uploads(document, described, {call.name: call for call in calls})
    left += add_walks(document, described, calls)
    info = document.get("info") or {}
    facts = Facts(
        api=api,
        version=version,
        title=str(info.get("title") or api).strip(),
        description=str(info.get("description") or "").strip(),
        servers=document["x-sdir-servers"],
        class_name=class_name_of(api, version),
        calls=calls,
        parsers=parsers,
        uploads=uploads,
        items={},
        personal=personal_fields(document),
    )
    for name, upload in uploads.items():
        item = item_of(document, described[upload.call.name].body or {}) or {}
        left += rules_left_to_the_server(document, item, f"upload {name!r}")
        facts.items[name] = item_schema(document, item)
        if not can_check(facts.items[name]):
            facts.items[name] = item_schema(document, {})
            why = "the validator can't read its schema; the server checks it all"
            left.append(LeftOut(f"upload {name!r}", "the check", why))
    return facts, left


def personal_fields(document: Json) -> dict[str, list[str]]:
    """Return the fields of each class that hold personal data.

    The document marks them with `x-sdir-personal: true`, or by the format `person-number`.
    """
    merged = copy.deepcopy(document)
    merge_all_of(merged)
    found = {
        name: [
            field
            for field, inner in schema.get("properties", {}).items()
            if _is_personal(document, inner)
        ]
        for name, schema in components(merged).items()
    }
    return {name: fields for name, fields in found.items() if fields}


def _is_personal(document: Json, schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    named = components(document).get(str(schema.get("$ref", "")).removeprefix(SCHEMAS), {})
    if any(each.get("x-sdir-personal") is True for each in (schema, named)):
        return True
    if schema.get("format") == "person-number":
        return True
    inner = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ()), schema.get("items")]
    return any(_is_personal(document, each) for each in inner)


def _call(endpoint: Endpoint, operation: Operation, document: Json, config: Config) -> Call:
    given = {(p["name"], p["in"]): p for p in operation.node["parameters"]}
    _step_aside(endpoint, given, config)
    arguments = {
        str(prop.python_name): str(_description(given[prop.name.get_untrusted_value(), where]))
        for where, prop in endpoint.iter_all_parameters()
    }
    sending = {
        str(prop.python_name): entry(prop, given[prop.name.get_untrusted_value(), where])
        for where, prop in endpoint.iter_all_parameters()
    }
    return Call(
        endpoint=endpoint,
        id=operation.id or operation.name,
        method=operation.method.upper(),
        path=quote(operation.path, safe="/{}:@!$&'()*+,;=~%"),
        effect=operation.node["x-sdir-effect"],
        arguments=arguments,
        sending=sending,
        parser=None if operation.answer is None else "_parse",
        answers=operation.node.get("x-sdir-answers", {}),
        parsers=[],
        more=_more(document, operation),
        optional_body=operation.body_is_optional,
    )


def _description(parameter: Json) -> str:
    words = parameter.get("description") or parameter["schema"].get("description") or ""
    return str(words).strip()


def _more(document: Json, operation: Operation) -> dict[str, Any]:
    """Return the arguments of an `Operation` that differ from the defaults."""
    kinds = {
        "content_type": operation.node.get("x-sdir-content-type", _JSON),
        "accept": operation.node.get("x-sdir-accept", _JSON),
    }
    more: dict[str, Any] = {"deprecated": True} if operation.node.get("deprecated") is True else {}
    more |= {name: kind for name, kind in kinds.items() if kind != _JSON}
    if scopes := scopes_of(document, operation.node):
        more["scopes"] = scopes
    if "x-sdir-servers" in operation.node:
        more["servers"] = operation.node["x-sdir-servers"]
    return more


def _step_aside(endpoint: Endpoint, given: dict[tuple[str, str], Json], config: Config) -> None:
    """Add an underscore to parameters that have the name of an argument of every method."""
    taken = {str(prop.python_name) for _, prop in endpoint.iter_all_parameters()}
    for prop in endpoint.path_parameters:
        name = given[prop.name.get_untrusted_value(), "path"].get("x-sdir-name", "")
        if not name.isascii():
            unique = numbered(PythonIdentifier(name, PREFIX), taken)
            prop.set_python_name(UntrustedString(unique), config, skip_snake_case=True)
            taken.add(unique)
    for _, prop in endpoint.iter_all_parameters():
        if prop.python_name in OURS:
            prop.set_python_name(
                UntrustedString(f"{prop.python_name}_"), config, skip_snake_case=True
            )
    for response in endpoint.responses.patterns:
        response.prop.set_python_name(UntrustedString("answer"), config)
        if isinstance(response.prop, ListProperty):
            response.prop.inner_property.set_python_name(UntrustedString("item"), config)


def _name_parsers(calls: list[Call]) -> dict[str, Any]:
    """Name parsers for what they return, so that equal answers share one."""
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    for call in calls:
        props = [each.prop for each in call.endpoint.responses.patterns] if call.parser else []
        for prop in props:
            returns = type_of(prop)
            if returns not in names:
                words = returns.replace("list[", "list of ").replace("|", "or")
                name = "_parse_" + snake_case(PythonIdentifier(words, PREFIX))
                names[returns] = f"{name}_{len(names)}" if name in found else name
                found[names[returns]] = prop
        called = [names[type_of(prop)] for prop in props]
        call.parser, call.parsers = next(iter(called), None), called[1:]
    used = [name for call in reversed(calls) for name in (call.parser, *call.parsers) if name]
    return {name: found[name] for name in used}


def _uploads(
    document: Json, described: dict[str, Operation], calls: dict[str, Call]
) -> tuple[dict[str, Upload], list[LeftOut]]:
    marked = [o for name, o in described.items() if "x-sdir-batch" in o.node and name in calls]
    why_not = {o.name: _why_no_upload(calls[o.name]) for o in marked}
    usable = [operation for operation in marked if why_not[operation.name] is None]
    left = [
        LeftOut(str(operation), "an upload", f"{why}; use the method {operation.name}")
        for operation in marked
        if (why := why_not[operation.name])
    ]
    uploads = {
        name: Upload(
            call=calls[operation.name],
            records=_records(calls[operation.name].endpoint),
            saved=_saved(calls[operation.name]),
            identifier=_identifier(calls[operation.name], described),
            listing=_listing(document, operation, calls),
        )
        for name, operation in upload_names(usable).items()
    }
    return uploads, left


def _why_no_upload(call: Call) -> str | None:
    if not _records(call.endpoint):
        return "an item of its list is not an object with fields"
    needed = [str(p.python_name) for _, p in call.endpoint.iter_all_parameters() if p.required]
    return f"it needs {', '.join(needed)} besides records" if needed else None


def _listing(document: Json, operation: Operation, calls: dict[str, Call]) -> Json | None:
    listing = listing_of(document, operation)
    call = calls.get(listing["operation"]) if listing else None
    return {**listing, "call": call} if listing and call else None


def _records(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the classes that an item of the body's list can be."""
    prop = endpoint.bodies[0].prop if endpoint.bodies else None
    inner = prop.inner_property if isinstance(prop, ListProperty) else None
    options = inner.inner_properties if isinstance(inner, UnionProperty) else [inner]
    models = [option for option in options if isinstance(option, ModelProperty)]
    return tuple(str(m.class_info.name) for m in models) if len(models) == len(options) else ()


def _saved(call: Call) -> str | None:
    if call.effect == "validate" or not isinstance(call.answer, ListProperty):
        return None
    return type_of(call.answer.inner_property)


def _identifier(call: Call, described: dict[str, Operation]) -> str | None:
    """Return the field of a saved record by which one record is asked for, such as `uid`."""
    item = call.answer.inner_property if isinstance(call.answer, ListProperty) else None
    if _saved(call) is None or not isinstance(item, ModelProperty):
        return None
    fields = {field.name for field in fields_of(item)}
    ends = (_ONE.search(one.path) for one in described.values() if one.method == "get")
    return next((end[1] for end in ends if end and end[1] in fields), None)
