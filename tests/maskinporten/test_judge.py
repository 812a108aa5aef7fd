"""An OAuth server that was not written here judges our assertions, and ours takes its tokens.

The folder `judge` beside this file has the server, of npm's `oidc-provider` and `jose`. `.ci/run`
installs it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from joserfc.jwk import RSAKey

from sdir_async import Maskinporten, TokenError
from sdir_async.sandbox import Sandbox, TokenServer

from ..certificates import (
    PASSWORD,
    authority,
    bundle,
    enterprise,
    intermediate,
    jwk_of,
    pem_of,
    private_key,
    public_pem,
)
from ..programs import IN_CI

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "judge"
NODE = shutil.which("node")
SCOPES = ("sdir:seafarer.course.write",)

pytestmark = pytest.mark.skipif(
    not (NODE and (FOLDER / "node_modules").is_dir()) and not IN_CI,
    reason="node is not installed, or `npm install` was not run in tests/maskinporten/judge",
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The server's address. It knows one client by its key and one by its authority."""
    public = RSAKey.import_key(public_pem(private_key())).as_dict(kid="our-key")
    clients = [
        {"client_id": "registered", "scope": " ".join(SCOPES), "jwks": {"keys": [public]}},
        {
            "client_id": "enterprise",
            "scope": " ".join(SCOPES),
            "authority": authority().pem.decode(),
        },
    ]
    command = [NODE or "node", "server.js", json.dumps(clients)]
    with subprocess.Popen(
        command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        lines = iter(process.stdout.readline, "")
        yield next(line.strip() for line in lines if line.startswith("http://"))
        process.stdin.close()
        assert process.wait(60) == 0


async def _sign(unsigned: bytes) -> bytes:
    return private_key().sign(unsigned, PKCS1v15(), hashes.SHA256())


FORMS: dict[str, dict[str, Any]] = {
    "pem": {"key": pem_of(private_key()), "kid": "our-key"},
    "pem, RS512": {"key": pem_of(private_key()), "kid": "our-key", "algorithm": "RS512"},
    "pkcs12": {"key": bundle(enterprise(), intermediate()), "password": PASSWORD},
    "pkcs12 in another order": {
        "key": bundle(enterprise(), authority(), intermediate()),
        "password": PASSWORD,
    },
    "jwk": {"key": jwk_of(private_key(), kid="our-key")},
    "function": {"key": _sign, "kid": "our-key"},
}


def _source(issuer: str, form: str, **more: Any) -> Maskinporten:
    client = "enterprise" if "pkcs12" in form else "registered"
    return Maskinporten(client, issuer=issuer, scopes=SCOPES, **FORMS[form] | more)


@pytest.mark.parametrize("form", FORMS)
async def test_it_verifies_our_assertions_and_the_gateway_its_tokens(
    issuer: str, form: str
) -> None:
    """The gateway by the keys that the server publishes."""
    token = await _source(issuer, form, consumer_org="810034882").token()
    async with httpx.AsyncClient() as client:
        metadata = (await client.get(f"{issuer}/.well-known/openid-configuration")).json()
        keys = (await client.get(metadata["jwks_uri"])).json()
    async with Sandbox(maskinporten=TokenServer(issuer=issuer, keys=keys)) as sandbox:
        url = f"{sandbox.base_url}/aps-course-external/v1/codes"
        headers = {"Ocp-Apim-Subscription-Key": sandbox.api_key}
        async with httpx.AsyncClient(headers=headers) as client:
            answer = await client.get(url, headers={"Authorization": f"Bearer {token}"})
            changed = await client.get(url, headers={"Authorization": f"Bearer {token[:-9]}AAAA"})
    assert (answer.status_code, changed.status_code) == (200, 401)
    assert sandbox.requests[0].consumer == "810034882"


async def test_each_assertion_is_new_to_it(issuer: str) -> None:
    """It remembers each `jti`, and refuses the second use."""
    maskinporten = _source(issuer, "pem")
    for _ in range(3):
        maskinporten.refuse(await maskinporten.token())


@pytest.mark.parametrize(
    ("form", "changes", "words"),
    [
        ("pem", {"key": pem_of(private_key("another"))}, "signature verification failed"),
        ("pkcs12", {"key": bundle(enterprise(), authority())}, "not a chain"),
        ("pkcs12", {"key": bundle(enterprise(days=-1), intermediate())}, "has ended"),
        ("pem", {"scopes": "sdir:vessel.ecertificate.write"}, "scope is not allowed"),
    ],
)
async def test_it_refuses_what_is_wrong(
    issuer: str, form: str, changes: dict[str, Any], words: str
) -> None:
    """Its judgement is its own: so its yes means something."""
    given = {"scopes": SCOPES, **FORMS[form], **changes}
    client = "enterprise" if form == "pkcs12" else "registered"
    with pytest.raises(TokenError, match=words):
        await Maskinporten(client, issuer=issuer, **given).token()
