"""Keys of applications: a public one is read out of a certificate, given to its application, and taken away again (RFC 7523)."""

import base64
import json
import time
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import Row, update

from libs.contracts.directory import AppKey, ClientKind, client_key
from services.registry.change import Change
from services.registry.enrol import LONGEST_NAME, Unfit
from services.registry.rows import app_keys
from services.registry.store import Store
from services.registry.tables import clients

#: Keys of one application: one that is good, one that follows it, and some that were forgotten.
MOST = 10
#: Bytes of a file, and bits of an RSA key.
LARGEST = 64 * 1024
SHORTEST, LONGEST = 2048, 8192
#: What a public key is made of (RFC 7518 section 6).
_MEMBERS = ("kty", "n", "e", "crv", "x", "y")
_BLOCKS = (b"-----BEGIN CERTIFICATE-----", b"-----BEGIN PUBLIC KEY-----")


def read_key(pem: bytes) -> AppKey:
    """The key of the first certificate in a PEM file, or a public key without one; nothing else in the file is looked at.

    Raises `Unfit` for what cannot be used, or is over.
    """
    certificate, public = (block in pem for block in _BLOCKS)
    if len(pem) > LARGEST or not (certificate or public):
        raise Unfit("The file has no certificate: give one in PEM, which begins with -----BEGIN CERTIFICATE-----.")
    try:
        found = _of_certificate(x509.load_pem_x509_certificate(pem)) if certificate else _of_key(pem)
    except (ValueError, TypeError, OverflowError):
        raise Unfit("The certificate cannot be read: it is damaged, or its key is of a kind that is not known.") from None
    if 0 < found.expires_at <= time.time() * 1000:
        raise Unfit(f"The certificate {found.name!r} has expired: make a new one.")
    return found


async def add_key(store: Store, sn: str, key: AppKey, name: str = "") -> AppKey:
    """Let an application sign with this key, under its own name unless another is given. Raises `Unfit`."""
    key = replace(key, name=name or key.name)
    if not key.name.isprintable() or len(key.name) > LONGEST_NAME:
        raise Unfit(f"The name of a key has 1 to {LONGEST_NAME} characters that can be printed: write another --name.")
    async with store.change() as change:
        row = await _application(change, sn)
        known = app_keys(row)
        if any(each.thumbprint == key.thumbprint for each in known):
            raise Unfit(f"The application {sn} has this key already: `application key list` shows it.")
        if any(each.name == key.name for each in known):
            raise Unfit(f"The application {sn} has a key named {key.name!r}: write another --name, or remove that one first.")
        if len(known) >= MOST:
            raise Unfit(f"The application {sn} has {MOST} keys, which is the most: remove one first.")
        await _save(change, row, (*known, key))
        await change.note("app key added", sn, row.tenant, key=key.name, thumbprint=key.thumbprint, expires_at=key.expires_at)
    return key


async def remove_key(store: Store, sn: str, which: str) -> AppKey:
    """Take the key of this name or thumbprint from an application: what was issued for it is void, too. Raises `Unfit`."""
    async with store.change() as change:
        row = await _application(change, sn)
        known = app_keys(row)
        gone = next((each for each in known if which in (each.name, each.thumbprint)), None)
        if gone is None:
            raise Unfit(f"The application {sn} has no key {which!r}: `application key list` shows those that it has.")
        await _save(change, row, tuple(each for each in known if each is not gone))
        await change.note("app key removed", sn, row.tenant, key=gone.name, thumbprint=gone.thumbprint)
    return gone


async def _application(change: Change, sn: str) -> Row[Any]:
    row = await change.client(sn)
    if row is None or row.role != ClientKind.APP.value:
        raise Unfit(f"There is no application {sn}.")
    return row


async def _save(change: Change, row: Row[Any], keys: tuple[AppKey, ...]) -> None:
    kept = json.dumps([asdict(each) for each in keys], ensure_ascii=False)
    await change.connection.execute(update(clients).where(clients.c.sn == row.sn).values(app_keys=kept))
    await change.tell(client_key(row.sn))


def _of_certificate(certificate: x509.Certificate) -> AppKey:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    thumbprint = _base64url(certificate.fingerprint(hashes.SHA256()))
    return AppKey(
        name=str(names[0].value) if names else thumbprint[:8],
        thumbprint=thumbprint,
        sha1=_base64url(certificate.fingerprint(hashes.SHA1())),  # noqa: S303 - it only names the certificate, as MSAL does
        jwk=_jwk(certificate.public_key())[0],
        begins_at=_ms(certificate.not_valid_before_utc),
        expires_at=_ms(certificate.not_valid_after_utc),
    )


def _of_key(pem: bytes) -> AppKey:
    jwk, thumbprint = _jwk(serialization.load_pem_public_key(pem))
    return AppKey(name=thumbprint[:8], thumbprint=thumbprint, jwk=jwk)


def _jwk(key: object) -> tuple[dict[str, str], str]:
    """The key and its thumbprint (RFC 7638). Raises `Unfit` for one that is weak, or of no use for the algorithms we take."""
    found: RSAKey | ECKey
    if isinstance(key, rsa.RSAPublicKey) and SHORTEST <= key.key_size <= LONGEST:
        found = RSAKey.import_key(key)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        found = ECKey.import_key(key)
    else:
        raise Unfit(f"The key cannot be used: it must be RSA with {SHORTEST} to {LONGEST} bits, or of the curve P-256.")
    members = found.as_dict(private=False)
    return {name: str(members[name]) for name in _MEMBERS if name in members}, found.thumbprint()


def _base64url(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
