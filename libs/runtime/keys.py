"""The folder of keys: operator, account, one credentials file per user, the keys of addresses, the sealing pair, all 0600."""

import json
import os
from pathlib import Path

import nkeys
from nacl.public import PrivateKey

from libs.contracts.permissions import SERVICES, Permissions, service_permissions
from libs.runtime.credentials import (
    KeyPair,
    account_jwt,
    credentials_file,
    load_key,
    make_key,
    operator_jwt,
    user_jwt,
    write_secret,
)

DOCUMENT_KEY = "documents.key"
UPLOAD_KEY = "uploads.key"
SEAL_PUBLIC = "seal.pub"
SEAL_PRIVATE = "seal.key"
#: The user that makes streams and consumers, and nothing else does.
ADMIN = "admin"


class Keys:
    """The keys of one installation. `make` completes what is missing and changes nothing that is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, region: str) -> None:
        """Operator, accounts, service users, keys of addresses, sealing pair. Service credentials are signed anew at each call."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        for name, prefix in (
            ("operator", nkeys.PREFIX_BYTE_OPERATOR),
            ("system", nkeys.PREFIX_BYTE_ACCOUNT),
            ("account", nkeys.PREFIX_BYTE_ACCOUNT),
        ):
            if not self._seed(name).exists():
                write_secret(self._seed(name), make_key(prefix).seed)
        self.issue(ADMIN, None)
        for service in SERVICES:
            self.issue(service, service_permissions(service, region))
        for name in (DOCUMENT_KEY, UPLOAD_KEY):
            if not self.path(name).exists():
                write_secret(self.path(name), os.urandom(32))
        if not self.path(SEAL_PRIVATE).exists():
            pair = PrivateKey.generate()
            write_secret(self.path(SEAL_PUBLIC), bytes(pair.public_key))
            write_secret(self.path(SEAL_PRIVATE), bytes(pair))

    def issue(self, user: str, permissions: Permissions | None) -> Path:
        """Sign a user (its key is made once) and write its credentials file."""
        seed = self._seed(f"user-{user}")
        if not seed.exists():
            write_secret(seed, make_key(nkeys.PREFIX_BYTE_USER).seed)
        pair = load_key(seed.read_bytes())
        path = self.path(f"{user}.creds")
        write_secret(path, credentials_file(user_jwt(user, pair, self._pair("account"), permissions), pair))
        return path

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self._folder / name

    def server_auth(self) -> str:
        """The part of a nats-server configuration that says whom to believe."""
        operator, system, account = (self._pair(name) for name in ("operator", "system", "account"))
        preload = {
            system.public: account_jwt("SYS", system, operator, jetstream=False),
            account.public: account_jwt("PRINTBUS", account, operator, jetstream=True),
        }
        lines = [f"operator: {operator_jwt(operator, system.public)}", f"system_account: {system.public}", "resolver: MEMORY"]
        return "\n".join([*lines, f"resolver_preload: {json.dumps(preload)}"])

    def _seed(self, name: str) -> Path:
        return self.path(f"{name}.seed")

    def _pair(self, name: str) -> KeyPair:
        return load_key(self._seed(name).read_bytes())
