"""Every knob of the webhook dispatcher."""

import base64
import binascii
from ipaddress import IPv4Address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from libs.runtime.settings import Settings

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins, not a secret


class WebhooksSettings(Settings):
    """The dispatcher's settings. Durations are seconds."""

    sn: str = Field(
        "", description="Serial number of this server's own client, 8 letters and digits; empty: `sn` in the data folder."
    )
    callback_url: str = Field("", description="Address that hears of this client's tasks, http:// or https://; empty: none.")
    callback_timeout: float = Field(10.0, gt=0, le=300, description="Seconds that one attempt of a callback may take in all.")
    callback_backoff: tuple[float, float] = Field(
        (1.0, 5.0), description="Seconds before the second and before the third attempt of a callback, a JSON list of two numbers."
    )
    callback_secret: SecretStr = Field(
        SecretStr(""), description="Key that signs callbacks (Standard Webhooks): whsec_ and base64; empty: no signature."
    )
    callback_ips: tuple[IPv4Address, ...] = Field(
        (), description="IPv4 addresses that callbacks name as this server's, a JSON list; empty: those of its network cards."
    )
    callback_retention: float = Field(7 * 86_400.0, gt=0, description="Seconds that delivered and skipped callbacks stay readable.")
    webhooks_holder: str = Field("", description="Name under which this process holds endpoints; empty: a random one.")
    time_zone: str = Field("Asia/Shanghai", description="Time zone of the days in lists, such as Europe/Berlin.")

    @field_validator("callback_url")
    @classmethod
    def _callback_url(cls, value: str) -> str:
        if value and not _is_address(value):
            raise ValueError("write an address such as https://example.org/printing")
        return value

    @field_validator("callback_backoff")
    @classmethod
    def _callback_backoff(cls, value: tuple[float, float]) -> tuple[float, float]:
        if min(value) < 0 or max(value) > 3600:
            raise ValueError("write two numbers from 0 to 3600, such as [1, 5]")
        return value

    @field_validator("callback_secret")
    @classmethod
    def _callback_secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not _is_secret(secret):
            raise ValueError("write whsec_ followed by the base64 of 24 to 64 random bytes")
        return value

    @field_validator("time_zone")
    @classmethod
    def _time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            raise ValueError("write a name of the IANA time zone database, such as Europe/Berlin") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    @property
    def own_sn(self) -> str:
        """The serial number of this server's own client; empty as long as it has none."""
        path = self.data_dir / "sn"
        return self.sn or (path.read_text().strip() if path.is_file() else "")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        return False
    return text.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64
