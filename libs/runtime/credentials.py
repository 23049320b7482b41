"""The bus's users: operator, account and user JWTs signed with nkeys, and their credentials files (design.md rule 16)."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nkeys

from libs.contracts.permissions import Permissions


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An nkey: the seed is secret, the public key is what everybody knows it by."""

    seed: bytes
    public: str


def make_key(prefix: int) -> KeyPair:
    """A new key of a kind: `nkeys.PREFIX_BYTE_OPERATOR`, `_ACCOUNT` or `_USER`."""
    return load_key(bytes(nkeys.encode_seed(os.urandom(32), prefix)))


def load_key(seed: bytes) -> KeyPair:
    """The pair of a seed."""
    return KeyPair(seed, nkeys.from_seed(bytearray(seed)).public_key.decode())


def sign(claims: dict[str, Any], name: str, subject: str, issuer: KeyPair, expires: int = 0) -> str:
    """A NATS JWT (version 2, ed25519-nkey) with these `nats` claims. `expires`: seconds since 1970, 0: never."""
    body: dict[str, Any] = {
        "iat": int(time.time()),
        "iss": issuer.public,
        "name": name,
        "sub": subject,
        "nats": {**claims, "version": 2},
    }
    if expires:
        body["exp"] = expires
    body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()).decode().rstrip("=")
    head = _part({"typ": "JWT", "alg": "ed25519-nkey"})
    signed = f"{head}.{_part(body)}"
    signature = nkeys.from_seed(bytearray(issuer.seed)).sign(signed.encode())
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def operator_jwt(operator: KeyPair, system: str) -> str:
    """The operator's own JWT; `system` is the system account's public key."""
    return sign({"type": "operator", "system_account": system}, "printbus", operator.public, operator)


def account_jwt(
    name: str,
    account: KeyPair,
    operator: KeyPair,
    *,
    jetstream: bool,
    scopes: Mapping[str, Permissions] | None = None,
    revoked: Mapping[str, int] | None = None,
) -> str:
    """An account without limits, with or without JetStream.

    `scopes`: public signing keys and what users signed with them may do, as templates. `revoked`: public keys of users whose
    JWTs are not good any more if they were signed before these seconds since 1970.
    """
    limits: dict[str, Any] = {
        "subs": -1,
        "data": -1,
        "payload": -1,
        "imports": -1,
        "exports": -1,
        "wildcards": True,
        "conn": -1,
        "leaf": -1,
    }
    if jetstream:
        limits |= {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    claims: dict[str, Any] = {"type": "account", "limits": limits}
    if scopes:
        claims["signing_keys"] = [_scope(key, permissions) for key, permissions in scopes.items()]
    if revoked:
        claims["revocations"] = dict(revoked)
    return sign(claims, name, account.public, operator)


def _scope(key: str, permissions: Permissions) -> dict[str, Any]:
    template = {
        "pub": {"allow": sorted(permissions.publish)},
        "sub": {"allow": sorted(permissions.subscribe)},
        "subs": -1,
        "data": -1,
        "payload": -1,
    }
    return {"kind": "user_scope", "key": key, "role": "agent", "template": template}


def scoped_jwt(name: str, key: str, account: str, signer: KeyPair, *, tags: Mapping[str, str], expires: int) -> str:
    """A user whose permissions are the signing key's template, filled with its name and tags; `key`, `account`: public keys."""
    claims = {"type": "user", "issuer_account": account, "tags": [f"{tag}:{value}" for tag, value in tags.items()]}
    return sign(claims, name, key, signer, expires)


def lifetime(jwt: str) -> tuple[int, int]:
    """When a JWT was signed and when it ends, in seconds since 1970; 0: never. Raises `ValueError` for what is no JWT."""
    _, body, _ = jwt.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return int(claims["iat"]), int(claims.get("exp", 0))


def user_jwt(name: str, user: KeyPair, account: KeyPair, permissions: Permissions | None, expires: int = 0) -> str:
    """A user of the account; `permissions` None: everything (the admin step only)."""
    claims: dict[str, Any] = {"type": "user", "subs": -1, "data": -1, "payload": -1}
    if permissions:
        claims["pub"] = {"allow": sorted(set(permissions.publish))}
        claims["sub"] = {"allow": sorted(set(permissions.subscribe))}
        if permissions.answers:
            claims["resp"] = {"max": 1, "ttl": 60_000_000_000}
    return sign(claims, name, user.public, account, expires)


def write_secret(path: Path, content: str | bytes) -> None:
    """A file that only its owner may read, written whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # one that a killed process left may have another mode
        file.write(content if isinstance(content, bytes) else content.encode())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def credentials_file(jwt: str, user: KeyPair) -> str:
    """What NATS clients read: the user's JWT and seed between their markers."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
    )
