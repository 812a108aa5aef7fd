"""What templates and facts need from the generator's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openapi_python_client.parser.openapi import Endpoint, GeneratorData
    from openapi_python_client.parser.properties import ModelProperty, Property


def type_of(prop: Any) -> str:
    """Return a type as code."""
    return str(prop.get_type_string().as_unembedded_code())


def fields_of(model: ModelProperty) -> list[Property]:
    """Return the fields of a model, the required ones first."""
    return [*(model.required_properties or []), *(model.optional_properties or [])]


def endpoints_of(data: GeneratorData) -> list[Endpoint]:
    """Return all operations in the order of the document."""
    groups = data.endpoint_collections_by_tag.values()
    return [endpoint for group in groups for endpoint in group.endpoints]
