"""A sandbox whose token endpoint knows one client by its key and another by its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sdir_async import Maskinporten
from sdir_async.sandbox import Sandbox, TokenClient, TokenServer

from ..certificates import authority, pem_of, private_key, public_pem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SCOPES = ("sdir:seafarer.course.write",)
OTHER = ("sdir:seafarer.seagoingservice.write",)
CUSTOMERS = ("810034882", "974760673")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """It wants a token with every call."""
    registered = TokenClient(
        client_id="registered",
        scopes=[*SCOPES, *OTHER],
        keys={"our-key": public_pem(private_key())},
        customers=dict.fromkeys(CUSTOMERS, SCOPES),
    )
    enterprise = TokenClient(client_id="enterprise", scopes=SCOPES, authorities=[authority().pem])
    async with Sandbox(maskinporten=TokenServer(registered, enterprise)) as running:
        yield running


def source(sandbox: Sandbox, **changes: Any) -> Maskinporten:
    """Return one that the sandbox knows by its key."""
    settings: dict[str, Any] = {
        "client_id": "registered",
        "key": pem_of(private_key()),
        "kid": "our-key",
        "issuer": sandbox.maskinporten.issuer,
        **changes,
    }
    return Maskinporten(**settings)
