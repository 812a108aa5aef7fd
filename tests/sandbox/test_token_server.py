"""The token endpoint of the sandbox: as strict as Maskinporten, with its codes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from sdir_async.sandbox import Fault, Faults, Sandbox, SandboxThread, TokenClient, TokenServer

from ..certificates import ORGANIZATION, pem_of, private_key, public_pem
from .conftest import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "sdir:seafarer.course.write"
CODES = "/aps-course-external/v1/codes"
CUSTOMER = "810034882"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """It wants a token, and has one client with two keys, of which one has expired."""
    client = TokenClient(
        client_id="ours",
        scopes=[SCOPE],
        keys={"good": public_pem(private_key()), "old": public_pem(private_key())},
        expired=["old"],
        customers={CUSTOMER: [SCOPE], "974760673": []},
    )
    async with Sandbox(maskinporten=TokenServer(client)) as running:
        yield running


def assertion(
    sandbox: Sandbox,
    header: dict[str, Any] | None = None,
    times: tuple[int, int] = (0, 120),
    **changes: Any,
) -> str:
    """Return a good one, with these changes; `None` leaves a claim out, `times` are from now."""
    now = int(time.time())
    claims = {
        "aud": sandbox.maskinporten.issuer,
        "iss": "ours",
        "scope": SCOPE,
        "iat": now + times[0],
        "exp": now + times[1],
        "jti": f"{time.monotonic_ns()}",
        **changes,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    key = RSAKey.import_key(pem_of(private_key()))
    head = {"alg": "RS256", "kid": "good"} if header is None else header
    return jwt.encode(head, told, key, algorithms=["RS256", "PS256"])


async def ask(sandbox: Sandbox, text: str) -> httpx.Response:
    form = {"grant_type": GRANT, "assertion": text}
    async with httpx.AsyncClient() as client:
        return await client.post(f"{sandbox.maskinporten.issuer}token", data=form)


async def test_a_good_assertion_gets_a_token(sandbox: Sandbox) -> None:
    """It says how long it lives and what for, and its claims are those of Maskinporten's."""
    answer = await ask(sandbox, assertion(sandbox))
    assert answer.status_code == 200
    told = answer.json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 120, SCOPE)
    async with httpx.AsyncClient() as client:
        metadata = await client.get(
            f"{sandbox.maskinporten.issuer}.well-known/oauth-authorization-server"
        )
        assert metadata.json()["token_endpoint"] == f"{sandbox.maskinporten.issuer}token"
        keys = (await client.get(metadata.json()["jwks_uri"])).json()
    claims = jwt.decode(
        told["access_token"], KeySet.import_key_set(keys), algorithms=["RS256"]
    ).claims
    assert claims["iss"] == metadata.json()["issuer"] == sandbox.maskinporten.issuer
    assert claims["consumer"] == {
        "authority": "iso6523-actorid-upis",
        "ID": f"0192:{ORGANIZATION}",
    }
    assert "supplier" not in claims
    assert [key.keys() & {"d", "p", "q"} for key in keys["keys"]] == [set()]


async def test_a_token_for_a_customer_names_both(sandbox: Sandbox) -> None:
    """The customer is the consumer, the vendor the supplier."""
    answer = await ask(sandbox, assertion(sandbox, consumer_org=CUSTOMER))
    key = sandbox.maskinporten._known
    claims = jwt.decode(answer.json()["access_token"], key, algorithms=["RS256"]).claims
    assert claims["consumer"]["ID"] == f"0192:{CUSTOMER}"
    assert claims["supplier"]["ID"] == f"0192:{ORGANIZATION}"


@pytest.mark.parametrize(
    ("changes", "status", "code", "words"),
    [
        ({"iss": "nobody"}, 400, "MP-100", "client"),
        ({"aud": "https://test.maskinporten.no/"}, 400, "MP-110", "audience"),
        ({"header": {"alg": "RS256", "kid": "other"}}, 400, "MP-124", "kid"),
        ({"header": {"alg": "RS256", "kid": "old"}}, 400, "MP-121", "Expired key"),
        ({"header": {"alg": "RS256"}}, 400, None, "either kid or x5c"),
        ({"header": {"alg": "RS256", "kid": "good", "x5c": ["AA=="]}}, 400, None, "either kid"),
        ({"header": {"alg": "RS256", "x5c": []}}, 400, "MP-123", "not a list"),
        ({"header": {"alg": "RS256", "x5c": ["AA=="]}}, 400, "MP-120", "registered key"),
        ({"header": {"alg": "PS256", "kid": "good"}}, 400, None, "algorithm"),
        ({"times": (3600, 3700)}, 400, "MP-130", "Issue time is after now"),
        ({"times": (-3600, -3500)}, 400, "MP-130", "expired"),
        ({"times": (0, 500)}, 400, "MP-130", "at most 120 s"),
        ({"iat": "now"}, 400, None, "whole seconds"),
        ({"jti": None}, 400, None, "jti is missing"),
        ({"sub": "someone"}, 400, None, "sub is not known"),
        ({"scope": "sdir:other"}, 400, "MP-200", "sdir:other"),
        ({"consumer_org": "974760673"}, 403, "MP-251", "not delegated"),
        ({"authorization_details": {}}, 400, "MP-301", "list"),
        ({"authorization_details": [{"type": "x"}]}, 400, "MP-302", "system user"),
    ],
)
async def test_a_bad_assertion_gets_a_code(
    sandbox: Sandbox, changes: dict[str, Any], status: int, code: str | None, words: str
) -> None:
    """In `error_uri`, with words and a trace id in `error_description`; it is remembered."""
    answer = await ask(sandbox, assertion(sandbox, **changes))
    told = answer.json()
    assert (answer.status_code, told.get("error_uri")) == (
        status,
        code and f"https://maskinporten.no/errors/{code}",
    )
    assert words in told["error_description"]
    assert "(trace_id: " in told["error_description"]
    (seen,) = sandbox.maskinporten.requests
    assert (seen.status, seen.code) == (status, code or "")


async def test_an_assertion_is_good_once(sandbox: Sandbox) -> None:
    """The second use is refused."""
    text = assertion(sandbox)
    assert (await ask(sandbox, text)).status_code == 200
    assert (await ask(sandbox, text)).json()["error_uri"].endswith("MP-012")


async def test_a_changed_assertion_is_refused(sandbox: Sandbox) -> None:
    """Its signature no longer fits."""
    head, _, signature = assertion(sandbox).split(".")
    _, claims, _ = assertion(sandbox, consumer_org=CUSTOMER).split(".")
    answer = await ask(sandbox, f"{head}.{claims}.{signature}")
    assert answer.json()["error_uri"].endswith("MP-124")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"assertion": "no.jwt.at-all"}, "invalid_grant"),
        ({"assertion": ""}, "invalid_request"),
        ({"client_secret": "x"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ],
)
async def test_another_question_is_refused(
    sandbox: Sandbox, form: dict[str, str], error: str
) -> None:
    """There is one grant, and no client secret."""
    async with httpx.AsyncClient() as client:
        good = {"grant_type": GRANT, "assertion": assertion(sandbox)}
        answer = await client.post(f"{sandbox.maskinporten.issuer}token", data=good | form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def call(sandbox: Sandbox, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with connect(sandbox, **headers) as client:
        return await client.get(CODES)


async def given(sandbox: Sandbox) -> str:
    token: str = (await ask(sandbox, assertion(sandbox))).json()["access_token"]
    return token


def message(answer: httpx.Response) -> str:
    assert answer.status_code == 401
    assert answer.json()["statusCode"] == 401
    assert "www-authenticate" not in answer.headers
    text: str = answer.json()["message"]
    return text


async def test_the_gateway_wants_the_key_first_and_then_a_token(sandbox: Sandbox) -> None:
    """What is missing tells which half it is."""
    token = await given(sandbox)
    async with httpx.AsyncClient(base_url=sandbox.base_url) as client:
        answer = await client.get(CODES, headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["www-authenticate"].startswith("AzureApiManagementKey")
    assert message(await call(sandbox, None)) == "JWT not present."
    assert message(await call(sandbox, token)) == "JWT not present."
    assert (await call(sandbox, f"Bearer {token}")).status_code == 200


async def test_the_gateway_looks_at_signature_scope_and_end(sandbox: Sandbox) -> None:
    """A good token is needed, not something that looks like one."""
    token = await given(sandbox)
    head, claims, _ = token.split(".")
    other = RSAKey.import_key(pem_of(private_key()))
    forged = jwt.encode(
        {"alg": "RS256", "kid": sandbox.maskinporten._key.kid}, {"scope": SCOPE}, other
    )
    for bad in (f"{head}.{claims}.AAAA", forged, "opaque"):
        assert message(await call(sandbox, f"Bearer {bad}")).startswith("JWT is not valid")
    sandbox.maskinporten._clients[0].scopes.append("sdir:other")  # type: ignore[attr-defined]
    elsewhere = (await ask(sandbox, assertion(sandbox, scope="sdir:other"))).json()["access_token"]
    wrong = message(await call(sandbox, f"Bearer {elsewhere}"))
    assert wrong == "Claim scope value of sdir:other is not allowed. Access denied."
    sandbox.maskinporten._lifetime = -1
    ended = await given(sandbox)
    assert message(await call(sandbox, f"Bearer {ended}")) == "JWT has expired. Access denied."


async def test_the_request_shows_whose_token_it_was(sandbox: Sandbox) -> None:
    """The organization's number, never the token."""
    answer = await ask(sandbox, assertion(sandbox, consumer_org=CUSTOMER))
    await call(sandbox, f"Bearer {answer.json()['access_token']}")
    await call(sandbox, "Bearer nonsense")
    assert [each.consumer for each in sandbox.requests] == [CUSTOMER, ""]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("token-503", 503, None),
        ("token-replayed", 400, "MP-012"),
        ("token-clock", 400, "MP-130"),
        ("token-key", 400, "MP-121"),
        ("token-scope", 400, "MP-200"),
    ],
)
async def test_a_fault_of_the_token_endpoint_meets_tokens_alone(
    sandbox: Sandbox, kind: str, status: int, code: str | None
) -> None:
    """The calls of the APIs pass by it, as tokens pass by the faults of the APIs."""
    token = await given(sandbox)
    sandbox.faults.add(Fault(kind, count=1))
    assert (await call(sandbox, f"Bearer {token}")).status_code == 200
    sandbox.faults.add(Fault("502"))
    answer = await ask(sandbox, assertion(sandbox))
    assert answer.status_code == status
    if code:
        assert answer.json()["error_uri"].endswith(code)
    assert sandbox.maskinporten.requests[-1].fault == kind
    assert (await ask(sandbox, assertion(sandbox))).status_code == 200


async def test_a_scope_taken_from_a_customer_has_another_code(sandbox: Sandbox) -> None:
    """MP-251: the customer has not delegated it."""
    sandbox.faults.add(Fault("token-scope"))
    answer = await ask(sandbox, assertion(sandbox, consumer_org=CUSTOMER))
    assert (answer.status_code, answer.json()["error_uri"][-6:]) == (403, "MP-251")


async def test_a_token_that_ends_early_is_refused_by_the_gateway(sandbox: Sandbox) -> None:
    """Though its life was said to be longer."""
    sandbox.faults.add(Fault("token-early", seconds=0, count=1))
    early = await given(sandbox)
    assert message(await call(sandbox, f"Bearer {early}")) == "JWT has expired. Access denied."
    later = await given(sandbox)
    assert (await call(sandbox, f"Bearer {later}")).status_code == 200


async def test_a_slow_token_endpoint_does_not_keep_the_sandbox_from_ending() -> None:
    """It answers at once when the sandbox ends."""
    tokens, faults = TokenServer(lifetime=5), Faults(Fault("token-slow", seconds=3600))
    async with httpx.AsyncClient(timeout=60) as client:
        async with Sandbox(maskinporten=tokens, faults=faults):
            waiting = asyncio.create_task(client.post(f"{tokens.issuer}token"))
            while not faults.describe()[0]["met"]:
                await asyncio.sleep(0.001)
        assert (await waiting).status_code == 400


async def test_the_server_can_take_new_keys(sandbox: Sandbox) -> None:
    """Rotated, older tokens stay good; ended, they don't."""
    first = await given(sandbox)
    sandbox.maskinporten.rotate()
    second = await given(sandbox)
    for token in (first, second):
        assert (await call(sandbox, f"Bearer {token}")).status_code == 200
    sandbox.maskinporten.end_all()
    for token in (first, second):
        assert message(await call(sandbox, f"Bearer {token}")).startswith("JWT is not valid")
    assert (await call(sandbox, f"Bearer {await given(sandbox)}")).status_code == 200


def test_a_fault_of_tokens_needs_a_token_endpoint() -> None:
    """Else it would never strike."""
    with pytest.raises(ValueError, match=r"'token-key' needs Sandbox\(maskinporten=True\)"):
        Sandbox(faults=Faults(Fault("token-key")))
    with pytest.raises(RuntimeError, match="no token endpoint"):
        Sandbox().maskinporten  # noqa: B018


def test_a_client_is_made_where_none_is_given() -> None:
    """With every scope that the documents name; its settings have its key."""
    with SandboxThread(maskinporten=True) as sandbox:
        settings = sandbox.maskinporten.settings
        (client,) = sandbox.maskinporten._clients
        assert SCOPE in client.scopes
        assert settings["issuer"] == f"{sandbox.base_url}/maskinporten/"
        assert settings.keys() == {"client_id", "key", "kid", "issuer"}
    with pytest.raises(RuntimeError, match="The clients are yours"):
        TokenServer(client).settings  # noqa: B018


async def test_without_maskinporten_no_token_is_wanted() -> None:
    """The first version of the API had the key alone."""
    async with Sandbox() as sandbox, connect(sandbox) as client:
        assert (await client.get(CODES)).status_code == 200
        assert (await client.post("/maskinporten/token")).status_code == 404
