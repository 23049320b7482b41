"""Every knob of the webhook dispatcher."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from libs.runtime.origin import is_web
from libs.runtime.settings import Settings
from services.webhooks.signing import is_secret

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
#: The pauses of the specification of Standard Webhooks: ten attempts in three days.
SCHEDULE = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY)
#: Of notifications (graph-print.md 4.5): with a tenth more each, just within four hours.
NOTIFICATIONS = (5.0, 15.0, 45.0, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, *[30 * MINUTE] * 6)
MOST_PAUSES = 50


class WebhooksSettings(Settings):
    """The dispatcher's settings. Durations are seconds."""

    tenant: str = Field("main", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="Tenant of this server's own client.")
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
    webhook_schedule: tuple[float, ...] = Field(
        SCHEDULE,
        description="Seconds before each further attempt for standard and cloudevents, a JSON list; then it is skipped.",
    )
    webhook_jitter: float = Field(0.1, ge=0, le=1, description="A pause of that schedule is longer by up to this share of it.")
    webhook_timeout: float = Field(20.0, gt=0, le=300, description="Seconds that one attempt of those dialects may take in all.")
    webhook_retry_after: float = Field(
        DAY, ge=0, le=7 * DAY, description="Longest Retry-After that is obeyed after 429 and 503, in seconds; 0: none is."
    )
    webhook_disable_after: float = Field(
        5 * DAY, ge=0, description="Seconds of nothing but failures after which such an endpoint is switched off; 0: never."
    )
    webhook_parallel: int = Field(
        8, ge=2, le=256, description="Attempts that one such endpoint gets at the same time, at most half of them repetitions."
    )
    webhook_overlap: float = Field(
        DAY, ge=0, le=30 * DAY, description="Seconds for which deliveries carry the old signature too after a new secret was made."
    )
    webhook_endpoints: int = Field(50, ge=1, le=10_000, description="Most endpoints of one client.")
    webhook_unproven_rate: int = Field(
        300,
        ge=0,
        le=1_000_000,
        description="Requests a minute to all addresses of a tenant's clients that have not allowed us (OPTIONS with "
        "WebHook-Request-Origin); 0: no limit.",
    )
    webhook_origin: str = Field(
        "printbus",
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$",
        description="Name by which receivers know who asks whether they allow us, such as print.example.org.",
    )
    webhook_allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description='CIDRs that clients\' endpoints may lead to besides public addresses, a JSON list such as ["10.1.0.0/16"].'
    )
    subscription_http: bool = Field(
        False,
        description="Whether Graph's notifications may go to http:// addresses and into private networks; for intranets and tests.",
    )
    subscription_timeout: float = Field(10.0, gt=0, le=14, description="Seconds that a notification or a validation may take.")
    subscription_schedule: tuple[float, ...] = Field(
        NOTIFICATIONS,
        description="Seconds before each further attempt of a notification, a JSON list; then it is given up.",
    )
    subscription_limit: int = Field(5000, ge=1, le=1_000_000, description="Most subscriptions of one application.")
    subscription_reminder: float = Field(
        3600.0, ge=0, le=3 * DAY, description="Seconds before its end at which a subscription's application is told; 0: it is not."
    )
    subscription_publisher: str = Field(
        "0bf30f3b-4a52-48df-9a82-234910c4a086", description="Application id that validation tokens name as their sender."
    )
    graph_rich_notifications: bool = Field(
        False, description="Whether subscriptions may include resource data, encrypted for the application's certificate."
    )
    webhooks_holder: str = Field("", description="Name under which this process holds endpoints; empty: a random one.")
    time_zone: str = Field("Asia/Shanghai", description="Time zone of the days in lists, such as Europe/Berlin.")

    @field_validator("callback_url")
    @classmethod
    def _callback_url(cls, value: str) -> str:
        if value and not is_web(value):
            raise ValueError("write an address such as https://example.org/printing")
        return value

    @field_validator("callback_backoff")
    @classmethod
    def _callback_backoff(cls, value: tuple[float, float]) -> tuple[float, float]:
        if min(value) < 0 or max(value) > 3600:
            raise ValueError("write two numbers from 0 to 3600, such as [1, 5]")
        return value

    @field_validator("webhook_schedule", "subscription_schedule")
    @classmethod
    def _webhook_schedule(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) > MOST_PAUSES or not all(0 <= each <= 7 * DAY for each in value):
            raise ValueError(f"write at most {MOST_PAUSES} numbers from 0 to {7 * DAY:.0f}, such as [5, 300, 1800]")
        return value

    @field_validator("callback_secret")
    @classmethod
    def _callback_secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not is_secret(secret):
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
