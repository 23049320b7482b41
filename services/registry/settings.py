"""Every knob of the registry."""

from pathlib import Path

from pydantic import Field, field_validator

from libs.runtime.peers import ROUTES_ABOVE, copies
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
    nats_cluster: tuple[str, ...] = Field(
        (),
        description="Servers of a bus that is a cluster, at least three, as a JSON list of host:port for clients, such as "
        '["10.0.0.1:4222", "10.0.0.2:4222", "10.0.0.3:4222"]; `provision` writes a configuration for each. They reach each '
        "other at the port 2000 above.",
    )
    nats_replicas: int = Field(
        0,
        ge=0,
        le=5,
        description="How many servers of the bus keep each message; 0: three where NATS_CLUSTER names servers, else as it is.",
    )
    nats_port: int = Field(0, ge=0, le=65535, description="Port of the embedded server's own nats-server; 0: a free one.")
    nats_listen: str = Field("0.0.0.0", description="Address on which the embedded server's bus listens for agents outside.")
    nats_tls_port: int = Field(
        0, ge=0, le=65535, description="Port for agents outside that reach the embedded server's bus over TLS; 0: none."
    )
    nats_websocket_port: int = Field(
        0, ge=0, le=65535, description="Port for agents outside that reach the embedded server's bus over WebSocket (wss); 0: none."
    )
    link_addresses: tuple[str, ...] = Field(
        (),
        description="Where servers of other regions reach this region's bus, a JSON list of host:port with the port at which it "
        'listens for them, one for each server of NATS_CLUSTER, such as ["eu.print.example.org:7422"]; empty: it calls them.',
    )
    agent_urls: tuple[str, ...] = Field(
        (),
        description="Addresses of the bus that agents outside are told, the best first, such as "
        '["tls://print.example.org:4223"]; empty: the ports above at the host that they asked.',
    )
    agent_ca_file: Path | None = Field(
        None, description="Certificate (PEM) of the authority behind AGENT_URLS; empty: the systems' own authorities."
    )
    credentials_lifetime: int = Field(
        30 * 86400, ge=5, description="Seconds that an enrolled agent's credentials are good for; renewed before by itself."
    )
    presence_timeout: float = Field(6.0, gt=0, description="Seconds without a heartbeat after which an agent is offline.")

    @field_validator("sn")
    @classmethod
    def _sn(cls, value: str) -> str:
        if value and not SN_PATTERN.fullmatch(value):
            raise ValueError("write exactly 8 letters and digits, such as jueKiUEE")
        return value

    @field_validator("nats_cluster")
    @classmethod
    def _nats_cluster(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and len(set(value)) < 3:
            raise ValueError("write at least three different servers: two cannot agree when one is lost")
        for server in value:
            host, _, port = server.rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= 65_535 - ROUTES_ABOVE:
                raise ValueError(f"write each server as host:port, with a port of at most {65_535 - ROUTES_ABOVE}")
        return value

    @field_validator("link_addresses")
    @classmethod
    def _link_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            host, _, port = address.rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= 65_535:
                raise ValueError("write each address as host:port")
        return value

    @field_validator("agent_urls")
    @classmethod
    def _agent_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not url.startswith(("tls://", "wss://")):
                raise ValueError("write addresses that begin with tls:// or wss://")
        return value

    @property
    def replicas(self) -> int:
        """How many servers of the bus keep each message; 0: as it is."""
        return copies(self.nats_cluster, self.nats_replicas)

    @property
    def outside_urls(self) -> tuple[str, ...]:
        """What agents outside are told; `*` is the host that they asked."""
        own = (("tls", self.nats_tls_port), ("wss", self.nats_websocket_port))
        return self.agent_urls or tuple(f"{scheme}://*:{port}" for scheme, port in own if port)

    @property
    def outside_ca(self) -> Path | None:
        """The certificate that they need for that; None: none."""
        return self.agent_ca_file if self.agent_urls else self.keys_dir / "ca.pem"

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
