"""Keys and certificates as organizations have them, made for each run of the tests."""

from __future__ import annotations

import datetime
from functools import cache

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

ORGANIZATION = "991825827"
PASSWORD = "a password for tests"


@frozen(repr=False)
class Made:
    """A certificate and its key."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@cache
def private_key(name: str = "ours") -> RSAPrivateKey:
    """Return the key of this name."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: RSAPrivateKey, password: str | None = None) -> bytes:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def public_pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk_of(key: RSAPrivateKey, **more: str) -> dict[str, object]:
    return {**RSAKey.import_key(pem_of(key)).as_dict(private=True), **more}


@cache
def authority() -> Made:
    """The certificate that all others lead to."""
    return _made("Test Root CA", None, None)


@cache
def intermediate() -> Made:
    """One between the authority and the organizations."""
    return _made("Test CA 1", authority(), None)


@cache
def enterprise(organization: str = ORGANIZATION, days: int = 365) -> Made:
    """The certificate of an organization, issued by the intermediate one."""
    return _made("Rederi AS", intermediate(), organization, days)


def enterprise_of(key: RSAPrivateKey) -> Made:
    """A certificate of an organization for a key that is there already."""
    return _made("Rederi AS", intermediate(), ORGANIZATION, key=key)


def bundle(made: Made, *others: Made, password: str = PASSWORD) -> bytes:
    """Return PKCS#12 with a key, its certificate, and others in the order given."""
    return pkcs12.serialize_key_and_certificates(
        b"sdir",
        made.key,
        made.certificate,
        [each.certificate for each in others],
        BestAvailableEncryption(password.encode()),
    )


def _made(
    name: str,
    issuer: Made | None,
    number: str | None,
    days: int = 3650,
    key: RSAPrivateKey | None = None,
) -> Made:
    key = key or private_key(f"{name} {number or ''}")
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]
    if number:
        text = f"NTRNO-{number}"
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, text))
    subject = x509.Name(names)
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=number is None, path_length=None), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Made(key, certificate)
