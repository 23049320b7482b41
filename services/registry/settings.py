"""Every knob of the registry."""

from pathlib import Path

from pydantic import Field, field_validator

from libs.runtime.settings import Settings
from services.registry.domain import SN_PATTERN, TENANT_PATTERN


class RegistrySettings(Settings):
    """The registry's settings. Durations are seconds."""

    sn: str = Field(
        "", description="Serial number of this server's own client, 8 letters and digits; empty: `sn` in the data folder."
    )
    api_token: str = Field("", description="Token of this server's own client; empty: `token` in the data folder.")
    tenant: str = Field("main", pattern=TENANT_PATTERN, description="Tenant of this server's own client.")
    roaming_name: str = Field(
        "Roaming Print",
        max_length=100,
        description="Name of the printer that every client has for printing first and collecting later; `-`: there is none.",
    )
    nats_port: int = Field(0, ge=0, le=65535, description="Port of the embedded server's own nats-server; 0: a free one.")
    presence_timeout: float = Field(6.0, gt=0, description="Seconds without a heartbeat after which an agent is offline.")

    @field_validator("sn")
    @classmethod
    def _sn(cls, value: str) -> str:
        if value and not SN_PATTERN.fullmatch(value):
            raise ValueError("write exactly 8 letters and digits, such as jueKiUEE")
        return value

    @property
    def roaming(self) -> str:
        """The name of every client's virtual printer; empty: there is none."""
        name = self.roaming_name.strip()
        return "" if name == "-" else name

    @property
    def own_sn(self) -> str:
        """The serial number of this server's own client; empty when it has none."""
        return self.sn or _line(self.data_dir / "sn")

    @property
    def own_token(self) -> str:
        """The token of this server's own client; empty when it has none."""
        return self.api_token or _line(self.data_dir / "token")


def _line(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""
