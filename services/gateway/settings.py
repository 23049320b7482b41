"""Every knob of the gateway."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from libs.runtime.keys import DOCUMENT_KEY, SEAL_PUBLIC
from libs.runtime.settings import Settings

MEGABYTE = 1024 * 1024


class GatewaySettings(Settings):
    """The gateway's settings. Durations are seconds, sizes bytes."""

    http_host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every network of this machine.")
    http_port: int = Field(
        39899, ge=0, le=65535, description="Port of the doors, probes and metrics; 0: a free one, which is logged."
    )
    public_url: str = Field("", description="Address under which others reach the gateway; empty: http://HTTP_HOST:HTTP_PORT.")
    openapi_enabled: bool = Field(True, description="Whether POST /openapi is there at all; when not, it answers 404.")
    max_body: int = Field(64 * MEGABYTE, ge=1024, description="Largest request body.")
    receive_timeout: float = Field(
        20.0, gt=0, description="Seconds that a request's head may take; a body may take longer, at 16 KB/s or faster."
    )
    time_zone: str = Field("Asia/Shanghai", description="Time zone of the days in lists, such as Europe/Berlin.")
    worker: int | None = Field(
        None, ge=0, le=1023, description="Number of this gateway in task ids, different for each; empty: drawn at start."
    )
    document_key_file: Path | None = Field(None, description="Key that signs document addresses; default: keys/documents.key.")
    seal_public_key_file: Path | None = Field(None, description="The converter's public key; default: keys/seal.pub.")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("write the name of a time zone, such as Asia/Shanghai") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    @property
    def document_key(self) -> Path:
        """Where the key of document addresses is."""
        return self.document_key_file or self.keys_dir / DOCUMENT_KEY

    @property
    def seal_public_key(self) -> Path:
        """Where the converter's public key is."""
        return self.seal_public_key_file or self.keys_dir / SEAL_PUBLIC
