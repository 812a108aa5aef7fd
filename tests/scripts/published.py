"""Documents as Sdir's own export writes them, made from ours: what an export lacks is taken out."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from sdir_async.openapi.documents import parse

from .conftest import ROOT
from .toys import Json, document, operation, ref

MISSING = ("dispensation", "endorsement", "health", "commonvessel", "radiolicense")
KINDS = ("application/json", "text/json", "application/*+json")
KNOWN = {
    "additionalcompetence": ("additional_competence", "aps-additionalcompetence-external", "v1"),
    "course": ("course", "aps-course-external", "v1"),
    "seagoing": ("seagoing", "aps-seagoing-external", "v1"),
    "ecertificate": ("e_certificate", "los-ecertificate-external", "v1"),
}
PLAIN = {
    "application": ("aps-application-external", "v1"),
    "assessor": ("aps-assessor-external", "v2"),
    "personalcertificate": ("aps-personalcertificate-external", "v1"),
    "digitalcertificate": ("core-digitalcertificate-external", "v1"),
    "seafarerstatement": ("grants-seafarerstatement-external", "v1"),
}


def published(slug: str) -> bytes | None:
    """Return what is at the address of a slug; `None`: nothing."""
    if slug in KNOWN:
        api, path, version = KNOWN[slug]
        ours = parse((ROOT / "openapi" / api / f"{version}.yaml").read_bytes())
        return json.dumps(_export(ours, slug, path, version), indent=2).encode()
    if slug in PLAIN:
        item = {"type": "object", "properties": {"id": {"type": "integer", "format": "int32"}}}
        plain = document({"/things": {"get": operation(answer=ref("Thing"))}}, {"Thing": item})
        return json.dumps(_export(plain, slug, *PLAIN[slug])).encode()
    return None


def _export(given: Json, slug: str, path: str, version: str) -> Json:
    made: Json = _without_ours(copy.deepcopy(given))
    made["openapi"] = "3.0.1"
    made["info"] = {"title": f"Sjøfolk - {slug.capitalize()}", "description": ""}
    host = f"sdir-t-apim-common.azure-api.net/{path}/{version}"
    made["servers"] = [{"url": f"http://{host}"}, {"url": f"https://{host}"}]
    key = {"type": "apiKey", "name": "Ocp-Apim-Subscription-Key"}
    made["components"]["securitySchemes"] = {
        "apiKeyHeader": {**key, "in": "header"},
        "apiKeyQuery": {**key, "name": "subscription-key", "in": "query"},
    }
    made["security"] = [{"apiKeyHeader": []}, {"apiKeyQuery": []}]
    for url, item in made["paths"].items():
        for method, node in item.items():
            node["operationId"] = re.sub(r"[^a-z]+", "-", f"{method}{url}".lower()).strip("-")
            node["parameters"] = [_inlined(made, each) for each in node.get("parameters", [])]
            if body := node.get("requestBody"):
                body.pop("required", None)
                media = body["content"]["application/json"]
                body["content"] = dict.fromkeys(KINDS, media)
    return made


def _inlined(made: Json, parameter: Json) -> Json:
    """Return a parameter where it is used: the gateway's export has no shared ones."""
    name = parameter.get("$ref", "").rpartition("/")[2]
    found: Json = made["components"]["parameters"][name] if name else parameter
    return found


def _without_ours(value: Any) -> Any:
    """Take out our extensions, and limits that an export has no word of."""
    if isinstance(value, dict):
        return {
            name: _without_ours(each)
            for name, each in value.items()
            if not name.startswith("x-sdir") and name != "maximum"
        }
    return [_without_ours(each) for each in value] if isinstance(value, list) else value
