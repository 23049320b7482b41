"""The folder of keys: operator, account, one credentials file per user, the keys of addresses, the sealing pair, all 0600."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import nkeys
from nacl.public import PrivateKey

from libs.contracts.permissions import SERVICES, Permissions, agent_permissions, service_permissions
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
#: The public key of the account, and the key that signs agents' credentials and can give them no other rights than its template.
ACCOUNT_PUBLIC = "account.pub"
AGENTS_SIGNER = "agents.seed"
#: What agents may do, with their names and tenants left open (nats-server's templates in scoped signing keys).
AGENT_NAME, AGENT_TENANT = "{{name()}}", "{{tag(tenant)}}"
#: Users that were let in and are no more: their public keys, and since when in seconds since 1970.
REVOKED = "revoked.json"
#: The same of users of this installation whose credentials were taken back by hand.
WITHDRAWN = "withdrawn.json"
#: Signed once: a running server that is given another one does not read its configuration again.
OPERATOR_JWT = "operator.jwt"
#: The region for which these keys were made.
REGION = "region"
#: The user that makes streams and consumers, and nothing else does.
ADMIN = "admin"
#: The user that tells the server itself something.
SYSTEM = "system"


#: What of the folder is no secret, by its suffix.
_PUBLIC = (".pem", ".pub", ".jwt", ".lock")


def exposed(folder: Path) -> list[str]:
    """Names of secrets in a folder of keys that everybody on this machine may read; none where there is no such folder."""
    try:
        files = [each for each in os.scandir(folder) if each.is_file() and not each.name.endswith(_PUBLIC) and each.name != REGION]
        return sorted(each.name for each in files if each.stat().st_mode & 0o004)
    except OSError:
        return []


class Keys:
    """The keys of one installation. `make` completes what is missing and changes nothing that is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, region: str, others: Sequence[str] = ()) -> None:
        """Operator, accounts, service users, keys of addresses, sealing pair. Service credentials are signed anew at each call.

        `others` are the regions that this one is linked with.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        for name, prefix in (
            ("operator", nkeys.PREFIX_BYTE_OPERATOR),
            ("system", nkeys.PREFIX_BYTE_ACCOUNT),
            ("account", nkeys.PREFIX_BYTE_ACCOUNT),
            ("agents", nkeys.PREFIX_BYTE_ACCOUNT),
        ):
            if not self._seed(name).exists():
                write_secret(self._seed(name), make_key(prefix).seed)
        if not self.path(OPERATOR_JWT).exists():
            write_secret(self.path(OPERATOR_JWT), operator_jwt(self._pair("operator"), self._pair("system").public))
        write_secret(self.path(ACCOUNT_PUBLIC), self._pair("account").public)
        write_secret(self.path(REGION), region)
        self.issue(ADMIN, None)
        user = self._user(SYSTEM)
        write_secret(self.path(f"{SYSTEM}.creds"), credentials_file(user_jwt(SYSTEM, user, self._pair("system"), None), user))
        for service in SERVICES:
            self.issue(service, service_permissions(service, region, others))
        for name in (DOCUMENT_KEY, UPLOAD_KEY):
            if not self.path(name).exists():
                write_secret(self.path(name), os.urandom(32))
        if not self.path(SEAL_PRIVATE).exists():
            pair = PrivateKey.generate()
            write_secret(self.path(SEAL_PUBLIC), bytes(pair.public_key))
            write_secret(self.path(SEAL_PRIVATE), bytes(pair))

    def issue(self, user: str, permissions: Permissions | None) -> Path:
        """Sign a user (its key is made once) and write its credentials file."""
        pair = self._user(user)
        path = self.path(f"{user}.creds")
        write_secret(path, credentials_file(user_jwt(user, pair, self._pair("account"), permissions), pair))
        return path

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self._folder / name

    def public(self, user: str) -> str:
        """The public key of a user that was issued here; empty: there is none."""
        seed = self._seed(f"user-{user}")
        return load_key(seed.read_bytes()).public if seed.exists() else ""

    def revoked(self) -> dict[str, int]:
        """Public keys of users that are let in no more, and since when. Raises `ValueError` for a file that is none of ours."""
        return self._listed(REVOKED)

    def revoke(self, keys: Mapping[str, int]) -> None:
        """These are let in no more, and all others are; a server believes it when its configuration is read again."""
        write_secret(self.path(REVOKED), json.dumps(dict(keys), sort_keys=True))

    def withdraw(self, user: str) -> bool:
        """Take back the credentials of a user that was issued here; whether there were any. What `issue` makes then is new.

        A server believes it when it is given `account_claims`.
        """
        if key := self.public(user):
            write_secret(self.path(WITHDRAWN), json.dumps({**self.withdrawn(), key: int(time.time())}, sort_keys=True))
            for path in (self._seed(f"user-{user}"), self.path(f"{user}.creds")):
                path.unlink(missing_ok=True)
        return bool(key)

    def withdrawn(self) -> dict[str, int]:
        """As `revoked`, of those that were taken back by hand."""
        return self._listed(WITHDRAWN)

    def account_claims(self) -> str:
        """The account in which everybody is, as the operator vouches for it now: what agents may do, and who is revoked."""
        region = self.path(REGION).read_text()
        scopes = {self._pair("agents").public: agent_permissions(region, 0, AGENT_TENANT, AGENT_NAME)}
        account, operator = self._pair("account"), self._pair("operator")
        gone = {**self.withdrawn(), **self.revoked()}
        return account_jwt("PRINTBUS", account, operator, jetstream=True, scopes=scopes, revoked=gone)

    def server_auth(self, folder: Path) -> str:
        """The part of a nats-server configuration that says whom to believe; `folder` is where the server keeps accounts.

        A running server is told of a change by its system account (`SYSTEM`): reading the configuration again would drop
        the answers that are on their way.
        """
        operator, system, account = (self._pair(name) for name in ("operator", "system", "account"))
        preload = {system.public: account_jwt("SYS", system, operator, jetstream=False), account.public: self.account_claims()}
        lines = [f"operator: {self.path(OPERATOR_JWT).read_text()}", f"system_account: {system.public}"]
        lines += [f"resolver {{ type: full, dir: {json.dumps(str(folder))}, allow_delete: false }}"]
        return "\n".join([*lines, f"resolver_preload: {json.dumps(preload)}"])

    def _listed(self, name: str) -> dict[str, int]:
        try:
            return {str(key): int(since) for key, since in json.loads(self.path(name).read_text()).items()}
        except FileNotFoundError:
            return {}

    def _user(self, user: str) -> KeyPair:
        """A user's key, made once."""
        seed = self._seed(f"user-{user}")
        if not seed.exists():
            write_secret(seed, make_key(nkeys.PREFIX_BYTE_USER).seed)
        return load_key(seed.read_bytes())

    def _seed(self, name: str) -> Path:
        return self.path(f"{name}.seed")

    def _pair(self, name: str) -> KeyPair:
        return load_key(self._seed(name).read_bytes())
