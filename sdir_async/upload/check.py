"""Checks records before they are sent, so that a bad one costs no request and no whole chunk."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import Factory, frozen

from ..privacy import mask
from .lenience import refusing
from .report import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonschema_rs import ValidationError

    from .chunks import Piece

Reasons = dict[int, tuple[Reason, ...]]
_EXAMPLES: Final = {
    "date": "date, such as 2024-05-31",
    "date-time": "date and time, such as 2024-05-31T12:00:00+02:00",
}


@frozen
class Findings:
    """What a check found, by the position of the record.

    Attributes:
        refused: Why records can't be sent.
        warned: What looks wrong and is sent anyway.
    """

    refused: Reasons = Factory(dict)
    warned: Reasons = Factory(dict)


class Check:
    """Checks records against the document's schema of them, check digits included."""

    def __init__(self, schema: dict[str, Any]) -> None:
        # Loaded with the first check: a program that only reads does not need it.
        import jsonschema_rs

        from .formats import DOUBTFUL, FORMATS

        item = {name: value for name, value in schema.items() if name != "$defs"}
        self._doubtful = DOUBTFUL
        self._validator = jsonschema_rs.Draft202012Validator(
            {"type": "array", "items": item, "$defs": schema.get("$defs", {})},
            formats=dict(FORMATS),
            validate_formats=True,
            mask="the value",
            offline=True,  # no schema makes it open a connection or a file
        )

    def __call__(self, piece: Piece) -> Findings:
        """Check the records of a piece; one without JSON is left out."""
        findings = Findings()
        positions: Sequence[int] = range(len(piece))
        records = _parsed(piece)
        if records is None:
            positions, records = _parsed_singly(piece, findings)
        if not self._validator.is_valid(records):
            errors = refusing(list(self._validator.iter_errors(records)))
            misshapen = {tuple(one.instance_path) for one in errors if self._is_refused(one)}
            for error in errors:
                if error.kind.name != "pattern" or tuple(error.instance_path) not in misshapen:
                    self._enter(positions[int(error.instance_path[0])], error, findings)
        return findings

    def _enter(self, position: int, error: ValidationError, findings: Findings) -> None:
        refused = error.kind.name != "format" or self._is_refused(error)
        found = findings.refused if refused else findings.warned
        reason = Reason(_said(error), _field_of(error))
        found[position] = (*found.get(position, ()), reason)

    def _is_refused(self, error: ValidationError) -> bool:
        """Say whether this is about a format, and refuses: a pattern then adds nothing to it."""
        return error.kind.name == "format" and error.kind.as_dict()["format"] != self._doubtful


def _said(error: ValidationError) -> str:
    """Say what is wrong to the person who corrects it, without the value itself."""
    details = error.kind.as_dict()
    match error.kind.name:
        case "required":
            return "is required"
        case "format":
            name = str(details["format"])
            return f"not a valid {_EXAMPLES.get(name, name.replace('-', ' '))}"
        case "type" if details["types"] == ["string"]:
            return "must be text"
        case _:
            return mask(error.message).removeprefix("the value ")


def _field_of(error: ValidationError) -> str:
    path = [str(part) for part in error.instance_path[1:]]
    if error.kind.name == "required":
        path.append(error.kind.as_dict()["property"])
    return ".".join(path)


def _parsed(piece: Piece) -> list[Any] | None:
    """Parse all records at once; `None` if one of them is not the JSON of one record."""
    try:
        records: list[Any] = orjson.loads(piece.body())
    except orjson.JSONDecodeError:
        return None
    return records if len(records) == len(piece) else None


def _parsed_singly(piece: Piece, findings: Findings) -> tuple[list[int], list[Any]]:
    """Parse record by record, to find the one that can't be."""
    readable: dict[int, Any] = {}
    for position, body in enumerate(piece.bodies):
        try:
            if body:
                readable[position] = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            findings.refused[position] = (Reason(f"The record is not valid JSON: {error.msg}."),)
    return list(readable), list(readable.values())


def readable(piece: Piece) -> Findings:
    """Find only bytes that are not the JSON of one record: they could break or add others."""
    findings = Findings()
    if _parsed(piece) is None:
        _parsed_singly(piece, findings)
    return findings


@lru_cache(maxsize=64)
def check_of(package: str, kind: str) -> Check:
    """Return the check of a batch operation of a generated version."""
    schemas = orjson.loads(resources.files(package).joinpath("schemas.json").read_bytes())
    return Check(schemas[kind])
