"""Keys in every form, and how Maskinporten is to know them."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from sdir_async import ConfigurationError, Maskinporten, TokenError

from ..certificates import (
    ORGANIZATION,
    PASSWORD,
    authority,
    bundle,
    enterprise,
    intermediate,
    jwk_of,
    pem_of,
    private_key,
)
from .conftest import SCOPES, source

if TYPE_CHECKING:
    from pathlib import Path

    from sdir_async.sandbox import Sandbox


async def sign(unsigned: bytes) -> bytes:
    """Sign as a vault does: the key is elsewhere."""
    return private_key().sign(unsigned, PKCS1v15(), hashes.SHA256())


PEM = pem_of(private_key())
JWK = jwk_of(private_key(), kid="our-key")
REGISTERED: dict[str, dict[str, Any]] = {
    "pem": {"key": PEM},
    "pem as text": {"key": PEM.decode()},
    "encrypted pem": {"key": pem_of(private_key(), PASSWORD), "password": PASSWORD},
    "jwk": {"key": JWK, "kid": None},
    "jwk as text": {"key": json.dumps(JWK), "kid": None},
    "jwk in a set": {"key": {"keys": [JWK]}, "kid": None},
    "async function": {"key": sign},
    "function": {"key": lambda text: private_key().sign(text, PKCS1v15(), hashes.SHA256())},
    "RS384": {"key": PEM, "algorithm": "RS384"},
    "RS512": {"key": PEM, "algorithm": "RS512"},
    "jwk that says RS384": {"key": {**JWK, "alg": "RS384"}, "kid": None},
}


@pytest.mark.parametrize("form", REGISTERED)
async def test_a_registered_key_signs_in_every_form(sandbox: Sandbox, form: str) -> None:
    """The server verifies the signature by the key that is registered under `kid`."""
    maskinporten = source(sandbox, **REGISTERED[form])
    assert await maskinporten.token(SCOPES)
    assert maskinporten.kid == "our-key"
    assert maskinporten.certificate is None


CHAIN = [intermediate().pem, authority().pem, enterprise().pem]
ENTERPRISE: dict[str, dict[str, Any]] = {
    "pkcs12": {"key": bundle(enterprise(), intermediate()), "password": PASSWORD},
    "pkcs12 in another order": {
        "key": bundle(enterprise(), authority(), intermediate()),
        "password": PASSWORD,
    },
    "pkcs12 with a foreign certificate": {
        "key": bundle(enterprise(), enterprise("810034882"), intermediate()),
        "password": PASSWORD.encode(),
    },
    "pem and certificates": {"key": pem_of(enterprise().key), "certificates": CHAIN},
    "pem and certificates in one text": {
        "key": pem_of(enterprise().key),
        "certificates": b"".join(CHAIN),
    },
    "pem that holds both": {"key": b"".join([*CHAIN, pem_of(enterprise().key)])},
    "der": {
        "key": pem_of(enterprise().key),
        "certificates": [
            x509.load_pem_x509_certificate(e).public_bytes(Encoding.DER) for e in CHAIN
        ],
    },
    "jwk with x5c": {
        "key": jwk_of(enterprise().key)
        | {
            "x5c": [
                base64.b64encode(each.certificate.public_bytes(Encoding.DER)).decode()
                for each in (enterprise(), intermediate())
            ]
        }
    },
    "function": {
        "key": lambda text: enterprise().key.sign(text, PKCS1v15(), hashes.SHA256()),
        "certificates": CHAIN,
    },
}


@pytest.mark.parametrize("form", ENTERPRISE)
async def test_an_enterprise_certificate_is_sent_with_its_chain(
    sandbox: Sandbox, form: str
) -> None:
    """Its own first, each followed by its issuer, whatever the order in the file."""
    maskinporten = source(sandbox, client_id="enterprise", kid=None, **ENTERPRISE[form])
    assert await maskinporten.token(SCOPES)
    assert maskinporten.kid is None
    chain = [
        x509.load_der_x509_certificate(base64.b64decode(each))
        for each in maskinporten._signer.header["x5c"]
    ]
    assert chain[:2] == [enterprise().certificate, intermediate().certificate]
    assert maskinporten.certificate is not None
    assert maskinporten.certificate.organization == "Rederi AS"
    assert maskinporten.certificate.organization_number == ORGANIZATION
    assert maskinporten.certificate.days_left() in (364, 365)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (bundle(enterprise("810034882"), intermediate()), "MP-122"),
        (bundle(enterprise(), authority()), "MP-120"),
        (bundle(enterprise(days=-1), intermediate()), "MP-120"),
    ],
    ids=["another organization", "a link is missing", "it has ended"],
)
async def test_a_certificate_that_is_not_good_is_refused(
    sandbox: Sandbox, made: bytes, code: str
) -> None:
    """By the server: a clock or a list of authorities here might be wrong."""
    maskinporten = source(sandbox, client_id="enterprise", key=made, password=PASSWORD, kid=None)
    with pytest.raises(TokenError) as caught:
        await maskinporten.token(SCOPES)
    assert caught.value.code == code


@pytest.mark.parametrize("client", ["registered", "enterprise"])
async def test_the_wrong_way_to_be_known_is_refused(sandbox: Sandbox, client: str) -> None:
    """A client with a registered key must use kid; one without has none."""
    certificate = {"key": bundle(enterprise(), intermediate()), "password": PASSWORD, "kid": None}
    changes = certificate if client == "registered" else {}
    with pytest.raises(TokenError) as caught:
        await source(sandbox, client_id=client, **changes).token(SCOPES)
    assert caught.value.code in ("MP-120", "MP-124")


@pytest.mark.parametrize("as_text", [True, False])
async def test_a_key_is_read_from_a_file(
    sandbox: Sandbox, tmp_path: Path, *, as_text: bool
) -> None:
    """The path may be a text."""
    file = tmp_path / "sdir.p12"
    file.write_bytes(bundle(enterprise(), intermediate()))
    key = str(file) if as_text else file
    maskinporten = source(sandbox, client_id="enterprise", kid=None, key=key, password=PASSWORD)
    assert await maskinporten.token(SCOPES)


def _elliptic() -> bytes:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    private = ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"key": PEM}, "Maskinporten needs a kid or a certificate to identify the key. Give kid"),
        ({"key": sign}, "to identify the key"),
        ({"key": PEM, "kid": "k", "certificates": CHAIN}, "not both"),
        ({"key": PEM, "certificates": CHAIN}, "None of the certificates belongs to the key"),
        ({"key": PEM, "kid": "k", "algorithm": "ES256"}, "RS256, RS384, RS512, not ES256"),
        ({"key": PEM, "kid": "k", "password": PASSWORD}, "has no password"),
        ({"key": pem_of(private_key(), PASSWORD), "kid": "k"}, "needs a password"),
        ({"key": pem_of(private_key(), PASSWORD), "kid": "k", "password": "x"}, "is wrong"),
        ({"key": bundle(enterprise()), "password": "x"}, "its password is wrong"),
        ({"key": b"nonsense"}, "neither PEM, PKCS#12 nor JWK"),
        ({"key": _elliptic(), "kid": "k"}, "must be an RSA key"),
        ({"key": "{", "kid": "k"}, "not valid JSON"),
        ({"key": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}, "one private RSA key"),
        ({"key": {**JWK, "n": "AQAB"}}, "not a complete RSA key"),
        ({"key": enterprise().pem, "kid": "k"}, "no private RSA key in PEM"),
        ({"key": "missing.pem", "kid": "k"}, r"can't be read \(No such file.*: missing.pem"),
        ({"key": sign, "kid": "k", "password": PASSWORD}, "not for a function"),
        ({"key": 5, "kid": "k"}, "must be a path"),
        ({"key": PEM, "certificates": b"x"}, "PEM or DER"),
    ],
)
def test_what_can_not_be_used_is_said(settings: dict[str, Any], words: str) -> None:
    """With what to give instead, and nothing of what was given."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        Maskinporten("c", **settings)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_key_that_is_taken_for_a_path_is_not_shown() -> None:
    """Such as the base64 of a file."""
    with pytest.raises(ConfigurationError) as caught:
        Maskinporten("c", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", kid="k")
    assert "MII" not in str(caught.value)


async def test_a_function_that_returns_no_signature_is_said(sandbox: Sandbox) -> None:
    """It must be bytes."""
    with pytest.raises(ConfigurationError, match="as bytes"):
        await source(sandbox, key=lambda _: "text").token(SCOPES)


async def test_what_a_function_raises_is_raised_by_the_call(sandbox: Sandbox) -> None:
    """It is the user's own, and says most about what is wrong."""

    async def fail(_: bytes) -> bytes:
        raise PermissionError("the vault is closed")

    with pytest.raises(PermissionError, match="the vault is closed"):
        await source(sandbox, key=fail).token(SCOPES)


@pytest.mark.parametrize("missing", ["cryptography", "joserfc"])
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Where it is used; importing the package needs neither."""
    for name in [each for each in sys.modules if each.partition(".")[0] == missing]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, missing, None)
    key: Any = JWK if missing == "joserfc" else PEM
    with pytest.raises(ConfigurationError, match=r"pip install 'sdir-async\[maskinporten\]'"):
        Maskinporten("c", key, kid="k")
