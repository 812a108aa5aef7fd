"""Synthetic records, 372 bytes each as JSON, and the answers of a server that saved them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 500
"""Records in a request."""

UID = "e21a0166-909a-4c7d-9f7e-4cb89404c4f7"


def record(number: int) -> dict[str, Any]:
    """Return a record of a person of its own; month + 80 makes the number a synthetic one."""
    return {
        "person": {
            "id": f"0181{number % 10_000_000:07d}",
            "firstName": "Ola",
            "middleName": None,
            "lastName": "Nordmann",
        },
        "organization": {"organisationNumber": "991825827"},
        "competence": {
            "periodStartDate": "2020-01-01",
            "periodStopDate": "2020-04-01",
            "completionDate": "2020-05-01",
            "competenceCode": "BS0",
        },
        "vessel": {
            "imoNumber": "9074729",
            "callsign": "LA8PV",
            "name": "Eksempel",
            "id": "1",
        },
        "registratorName": "kari",
    }


def valid(number: int) -> dict[str, Any]:
    """Return a record that a check of check digits lets through."""
    return {**record(number), "person": {**record(number)["person"], "id": "41814061033"}}


def mappings(count: int) -> Iterator[dict[str, Any]]:
    """Yield records as mappings."""
    return map(record, range(count))


def body(count: int = CHUNK) -> bytes:
    """Return the body of one request."""
    return orjson.dumps(list(mappings(count)))


def saved(count: int = CHUNK) -> bytes:
    """Return the answer of a server that echoes what it saved."""
    return orjson.dumps([{**each, "uid": UID} for each in mappings(count)])


def saved_one() -> bytes:
    """Return the answer to one record, or to the question for one."""
    return orjson.dumps({**record(0), "uid": UID})
