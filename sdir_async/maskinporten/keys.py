"""Reads keys and certificates, and says how Maskinporten is to know them: by `kid` or `x5c`."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SigningFunction: TypeAlias = Callable[[bytes], bytes | Awaitable[bytes]]
Readable: TypeAlias = str | bytes | os.PathLike[str]
Key: TypeAlias = Readable | Mapping[str, Any] | SigningFunction
"""PEM, PKCS#12 or JWK, as a path or as content; or a function, plain or async, that signs."""
Certificates: TypeAlias = Readable | Iterable[Readable]

ALGORITHMS: Final = ("RS256", "RS384", "RS512")
MISSING_EXTRA: Final = (
    "Maskinporten needs an extra: pip install 'sdir-async[maskinporten]' ({} is missing)."
)
_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN ((?:RSA |ENCRYPTED )?PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL
)
_NAME_OF_FILE: Final = re.compile(r"[^\n]{1,250}\.\w{1,8}")
_ORGANIZATION_NUMBER: Final = re.compile(r"\d{9}$")


@frozen
class Certificate:
    """What a certificate says.

    Attributes:
        organization: The name of the organization that it was made out to; `""` if it says none.
        organization_number: Its number; `""` if the certificate says none.
        ends: The time after which it is not accepted.
    """

    organization: str
    organization_number: str
    ends: datetime

    def days_left(self, now: datetime | None = None) -> int:
        """Return in how many days it ends; less than 0 if it has ended."""
        return (self.ends - (now or datetime.now(UTC))).days


@frozen(repr=False)
class Signer:
    """Signs assertions, and says in their headers which key does.

    Attributes:
        header: The assertion's header.
        sign: Makes the signature.
        certificate: The organization's certificate, if one is given.
    """

    header: Mapping[str, Any]
    sign: SigningFunction
    certificate: Certificate | None = None

    @property
    def kid(self) -> str | None:
        """The name of the registered key, unless the certificate is sent."""
        return self.header.get("kid")


@frozen(repr=False)
class _Loaded:
    """What a file held: a key or a function, and what stood beside it."""

    sign: RSAPrivateKey | SigningFunction
    kid: str | None = None
    algorithm: str | None = None
    certificates: tuple[x509.Certificate, ...] = ()


def read_signer(
    key: Key,
    *,
    kid: str | None,
    certificates: Certificates | None,
    password: str | bytes | None,
    algorithm: str | None,
) -> Signer:
    """Return what signs.

    Raises:
        ConfigurationError: What was given can't be used. The message holds nothing of it.
    """
    try:
        return _signer(key, kid, certificates, password, algorithm)
    except ModuleNotFoundError as error:
        raise ConfigurationError(MISSING_EXTRA.format(error.name)) from None


def _signer(
    key: Key,
    kid: str | None,
    certificates: Certificates | None,
    password: str | bytes | None,
    algorithm: str | None,
) -> Signer:
    if kid is not None and certificates is not None:
        raise ConfigurationError(
            "Give kid, for a key that is registered at Maskinporten, or certificates, not both."
        )
    loaded = _load(key, password)
    chosen = algorithm or loaded.algorithm or ALGORITHMS[0]
    if chosen not in ALGORITHMS:
        raise ConfigurationError(f"algorithm must be one of {', '.join(ALGORITHMS)}, not {chosen}.")
    given = loaded.certificates if certificates is None else _read_certificates(certificates)
    chain = _chain(given, loaded.sign)
    told = _certificate(chain[0]) if chain else None
    name = kid or (loaded.kid if certificates is None else None)
    return Signer(_header(chosen, name, chain), _signing(loaded.sign, chosen), told)


def _header(algorithm: str, kid: str | None, chain: list[x509.Certificate]) -> Mapping[str, Any]:
    if kid:
        return {"alg": algorithm, "typ": "JWT", "kid": kid}
    if chain:
        from cryptography.hazmat.primitives.serialization import Encoding

        x5c = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in chain]
        return {"alg": algorithm, "typ": "JWT", "x5c": x5c}
    raise ConfigurationError(
        "Maskinporten needs a kid or a certificate to identify the key. Give kid, if the public"
        " key is registered"
        " on the client, or certificates, if your organization has an enterprise certificate."
    )


def _signing(key: RSAPrivateKey | SigningFunction, algorithm: str) -> SigningFunction:
    if callable(key):
        return key
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    digests = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}
    private, digest = key, digests[algorithm]
    return lambda unsigned: private.sign(unsigned, PKCS1v15(), digest)


def _load(key: Key, password: str | bytes | None) -> _Loaded:
    if callable(key):
        if password is not None:
            raise ConfigurationError("password is only used for a key file, not for a function.")
        return _Loaded(key)
    if isinstance(key, Mapping):
        return _from_jwk(dict(key))
    content = _content(key, "key")
    secret = password.encode() if isinstance(password, str) else password
    if content.lstrip().startswith(b"{"):
        return _from_jwk(_json(content))
    if b"-----BEGIN" in content:
        return _from_pem(content, secret)
    return _from_pkcs12(content, secret)


def _content(given: object, what: str) -> bytes:
    """Return what was given, or what is in the file that it names."""
    if isinstance(given, bytes | bytearray):
        return bytes(given)
    if isinstance(given, str) and ("-----BEGIN" in given or given.lstrip().startswith("{")):
        return given.encode()
    if not isinstance(given, str | os.PathLike):
        raise ConfigurationError(f"{what} must be a path, its content, or a function that signs.")
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as error:
        text = os.fspath(given)
        shown = f": {text}" if _NAME_OF_FILE.fullmatch(text) else ""
        why = error.strerror if isinstance(error, OSError) else "not a path"
        said = f"The file named as {what} can't be read ({why}){shown}."
        raise ConfigurationError(said) from None


def _json(content: bytes) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(content)
    except ValueError:
        raise ConfigurationError("key begins like a JWK, but is not valid JSON.") from None
    return read


def _from_jwk(jwk: dict[str, Any]) -> _Loaded:
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    listed = jwk.get("keys")
    if isinstance(listed, list) and len(listed) == 1 and isinstance(listed[0], dict):
        jwk = listed[0]
    if jwk.get("kty") != "RSA" or "d" not in jwk:
        raise ConfigurationError("The JWK must be one private RSA key: kty RSA, with d.")
    try:
        private = _rsa(RSAKey.import_key(jwk).private_key)
    except (JoseError, ValueError, TypeError, KeyError):
        raise ConfigurationError("The JWK is not a complete RSA key.") from None
    certificates = [base64.b64decode(each) for each in jwk.get("x5c", ())]
    return _Loaded(private, jwk.get("kid"), jwk.get("alg"), _read_certificates(certificates) or ())


def _from_pem(content: bytes, password: bytes | None) -> _Loaded:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = _PRIVATE_KEY.search(content)
    if not found:
        raise ConfigurationError("key contains no private RSA key in PEM.")
    certificates = _read_certificates(content) if b"BEGIN CERTIFICATE" in content else ()
    try:
        private = load_pem_private_key(found[0], password)
    except TypeError:
        said = "The key has no password; leave it out." if password else "The key needs a password."
        raise ConfigurationError(said) from None
    except ValueError:
        raise ConfigurationError("The key can't be read, or its password is wrong.") from None
    return _Loaded(_rsa(private), certificates=certificates)


def _from_pkcs12(content: bytes, password: bytes | None) -> _Loaded:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        bundle = pkcs12.load_pkcs12(content, password)
    except ValueError:
        said = "The key is neither PEM, PKCS#12 nor JWK, or its password is wrong."
        raise ConfigurationError(said) from None
    if bundle.key is None:
        raise ConfigurationError("The PKCS#12 file contains certificates, but no private key.")
    own = [bundle.cert] if bundle.cert else []
    found = [each.certificate for each in (*own, *bundle.additional_certs)]
    return _Loaded(_rsa(bundle.key), certificates=tuple(found))


def _rsa(key: object) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError("The key must be an RSA key: Maskinporten accepts no other kind.")
    return key


def _read_certificates(given: Certificates) -> tuple[x509.Certificate, ...]:
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates

    many = [given] if isinstance(given, str | bytes | os.PathLike) else list(given)
    found: list[x509.Certificate] = []
    for one in many:
        content = _content(one, "certificates")
        try:
            if b"-----BEGIN" in content:
                found += load_pem_x509_certificates(content)
            else:
                found.append(load_der_x509_certificate(content))
        except ValueError:
            raise ConfigurationError("certificates must be in PEM or DER.") from None
    return tuple(found)


def _chain(certificates: Iterable[x509.Certificate], key: object) -> list[x509.Certificate]:
    """Return the certificate of the key, its issuer's, and so on: files keep them in any order."""
    left = list(certificates)
    if not left:
        return []
    own = [each for each in left if _is_of(each, key, left)]
    if not own:
        raise ConfigurationError("None of the certificates belongs to the key.")
    chain = own[:1]
    left.remove(chain[0])
    while issuer := next((each for each in left if _issued(each, chain[-1])), None):
        chain.append(issuer)
        left.remove(issuer)
    return chain


def _is_of(certificate: x509.Certificate, key: object, among: list[x509.Certificate]) -> bool:
    """Say whether this is the key's; of a function that signs, the one that issued no other."""
    if callable(key):
        return not any(_issued(certificate, each) for each in among if each != certificate)
    return certificate.public_key() == _rsa(key).public_key()


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _certificate(certificate: x509.Certificate) -> Certificate:
    from cryptography.x509.oid import NameOID

    names = {each.oid: str(each.value) for each in certificate.subject}
    number = names.get(NameOID.ORGANIZATION_IDENTIFIER) or names.get(NameOID.SERIAL_NUMBER, "")
    found = _ORGANIZATION_NUMBER.search(number.replace(" ", ""))
    return Certificate(
        names.get(NameOID.ORGANIZATION_NAME, ""),
        found[0] if found else "",
        certificate.not_valid_after_utc,
    )
