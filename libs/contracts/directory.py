"""The directory: what the registry publishes in KV so that gateways and spoolers can decide without asking."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.devices import Device
from libs.contracts.hooks import Hook
from libs.contracts.marks import Mark

#: In `DeviceEntry.users`: every client of the tenant (applications need a grant of their own).
EVERYBODY = "*"


class Scope(StrEnum):
    """What a token may do: print; read tasks and devices; manage them (cancel, resolve, pause); administer the client: say who
    else may print (sharing, relays), who hears of its tasks (endpoints), and what is printed on every page (rules).
    """

    PRINT = "print"
    READ = "read"
    MANAGE = "manage"
    ADMINISTER = "administer"


class ClientKind(StrEnum):
    """Who speaks with a serial number: an agent has devices, an app has none."""

    AGENT = "agent"
    APP = "app"


#: How the keys of devices begin.
DEVICES = "device."


def client_key(sn: str) -> str:
    """The key of a client."""
    return f"client.{sn}"


def token_key(digest: str) -> str:
    """The key of a token, by its SHA-256."""
    return f"token.{digest}"


def device_key(agent: str, device: str) -> str:
    """The key of a device, by its agent's SN and its id."""
    return f"device.{agent}.{device}"


def default_key(sn: str, device_type: str) -> str:
    """The key of a client's default device of a type."""
    return f"default.{sn}.{device_type}"


def presence_key(agent: str) -> str:
    """The key of an agent's presence."""
    return f"presence.{agent}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKey:
    """A public key with which an application signs that it is itself (RFC 7523), never the private one.

    `thumbprint` is its certificate's SHA-256 in base64url (`x5t#S256`), `sha1` its SHA-1 (`x5t`); of a key without a certificate
    it is that of RFC 7638, and `sha1` is empty. `jwk` is an RSA or EC key (RFC 7517). Times are ms since 1970, 0: none.
    """

    name: str
    thumbprint: str
    jwk: dict[str, str] = field(hash=False)
    sha1: str = ""
    begins_at: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEntry:
    """Key `client.<sn>`; `marks` are printed by rule on every page of its tasks.

    `app_id` is what tokens of an application call it (`appid`, `azp`); empty: `guid("application", sn)`. `roles` are the Graph
    permissions that it was granted for itself (graph-print.md 6.5), which the built-in issuer writes into its tokens. `keys` are
    what an application may sign with in the place of a secret.
    """

    kind: Literal["client"] = "client"
    sn: str
    tenant: str
    role: ClientKind
    name: str = ""
    shard: int = 0
    enabled: bool = True
    marks: tuple[Mark, ...] = ()
    app_id: str = ""
    roles: tuple[str, ...] = ()
    keys: tuple[AppKey, ...] = ()

    @property
    def key(self) -> str:
        return client_key(self.sn)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEntry:
    """Key `token.<sha256>`: the digest only, never the token. `expires_at` in ms since 1970, 0: never.

    `scopes` empty: everything that its client may do.
    """

    kind: Literal["token"] = "token"
    digest: str
    sn: str
    tenant: str
    name: str = ""
    expires_at: int = 0
    scopes: tuple[Scope, ...] = ()

    @property
    def key(self) -> str:
        return token_key(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """Key `device.<agent>.<device id>`. `users` may use it beside its owner: SNs of clients and applications of the tenant,
    or `EVERYBODY` for all clients of the tenant; `marks` are printed on every page by rule.

    `hooks` work on its tasks, one after the other, before they go on. `served_by` is the id of the application that fetches its
    tasks itself: no order is sent for them; empty: its agent prints.
    """

    kind: Literal["device"] = "device"
    tenant: str
    agent: str
    device: Device
    users: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    hooks: tuple[Hook, ...] = ()
    served_by: str = ""

    @property
    def key(self) -> str:
        return device_key(self.agent, self.device.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultEntry:
    """Key `default.<sn>.<device type>`: the default device of a client for one type."""

    kind: Literal["default"] = "default"
    sn: str
    type: str
    agent: str
    device: str

    @property
    def key(self) -> str:
        return default_key(self.sn, self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceEntry:
    """Key `presence.<agent>`: written only when it changes."""

    kind: Literal["presence"] = "presence"
    agent: str
    online: bool

    @property
    def key(self) -> str:
        return presence_key(self.agent)


Entry = Annotated[ClientEntry | TokenEntry | DeviceEntry | DefaultEntry | PresenceEntry, Field(discriminator="kind")]

#: The KV bucket, and the key that the registry writes once a second: a reader that misses it knows that it is blind.
BUCKET = "directory"
TICK = "tick"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Key `tick`. The directory begins at the sequence `begun`, from which on it is whole.

    What a copy has of a lower one is of a directory that is no more, such as that of a region before its restore. 0: not told.
    """

    count: int
    begun: int = 0
