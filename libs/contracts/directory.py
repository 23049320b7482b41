"""The directory: what the registry publishes in KV so that gateways and spoolers can decide without asking."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.devices import Device


class ClientKind(StrEnum):
    """Who speaks with a serial number: an agent has devices, an app has none."""

    AGENT = "agent"
    APP = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEntry:
    """Key `client.<sn>`."""

    kind: Literal["client"] = "client"
    sn: str
    tenant: str
    role: ClientKind
    name: str = ""
    shard: int = 0
    enabled: bool = True

    @property
    def key(self) -> str:
        return f"client.{self.sn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEntry:
    """Key `token.<sha256>`: the digest only, never the token. `expires_at` in ms since 1970, 0: never."""

    kind: Literal["token"] = "token"
    digest: str
    sn: str
    tenant: str
    name: str = ""
    expires_at: int = 0

    @property
    def key(self) -> str:
        return f"token.{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """Key `device.<agent>.<device id>`."""

    kind: Literal["device"] = "device"
    tenant: str
    agent: str
    device: Device

    @property
    def key(self) -> str:
        return f"device.{self.agent}.{self.device.id}"


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
        return f"default.{self.sn}.{self.type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceEntry:
    """Key `presence.<agent>`: written only when it changes."""

    kind: Literal["presence"] = "presence"
    agent: str
    online: bool

    @property
    def key(self) -> str:
        return f"presence.{self.agent}"


Entry = Annotated[ClientEntry | TokenEntry | DeviceEntry | DefaultEntry | PresenceEntry, Field(discriminator="kind")]

#: The KV bucket, and the key that the registry writes once a second: a reader that misses it knows that it is blind.
BUCKET = "directory"
TICK = "tick"
