"""Every knob of the gateway."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from libs.contracts.directory import Scope
from libs.runtime.keys import DOCUMENT_KEY, SEAL_PUBLIC, UPLOAD_KEY
from libs.runtime.settings import Settings
from services.gateway.domain import is_origin
from services.gateway.oidc.trusted import TrustedIssuer

MEGABYTE = 1024 * 1024
#: `https_port`: no HTTPS.
OFF = -1

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[1-9][0-9]{0,4})?", re.ASCII)


class GatewaySettings(Settings):
    """The gateway's settings. Durations are seconds, sizes bytes."""

    http_host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every network of this machine.")
    http_port: int = Field(
        39899, ge=0, le=65535, description="Port of the doors, probes and metrics; 0: a free one, which is logged."
    )
    https_port: int = Field(
        39900,
        ge=OFF,
        le=65535,
        description="Port of the same over HTTPS, with a certificate of this machine's own authority; 0: a free one; "
        "off: none. Where the default is taken, the server goes on without.",
    )
    public_url: str = Field("", description="Address under which others reach the gateway; empty: http://HTTP_HOST:HTTP_PORT.")
    openapi_enabled: bool = Field(True, description="Whether POST /openapi is there at all; when not, it answers 404.")
    sn: str = Field(
        "", description="Serial number of this server's own client, 8 letters and digits; empty: `sn` in the data folder."
    )
    http_names: tuple[str, ...] = Field(
        (),
        description="Names that pages reach this server by besides localhost, with a port or without; also in its certificate. "
        'A JSON list such as ["print.example.org"].',
    )
    webapi_enabled: bool = Field(True, description="Whether pages may speak to this server at all (/webapi).")
    webapi_origins: tuple[str, ...] = Field(
        (),
        description="Origins whose pages may print through the client on this machine, a JSON list such as "
        '["https://shop.example.org"]; empty: only this server\'s own page.',
    )
    webapi_scopes: tuple[Scope, ...] = Field(
        (Scope.PRINT, Scope.READ, Scope.MANAGE),
        min_length=1,
        description="What those pages may do, a JSON list of some of print, read, manage and administer (sharing, endpoints, "
        "relays, rules); this server's own page may do everything.",
    )
    webapi_relay: bool = Field(
        True, description="Whether pages from elsewhere may speak for a client by a relay token that was made for their origin."
    )
    webapi_sessions: int = Field(1000, ge=1, description="Sessions of pages that may be open at the same time.")
    webapi_max_message: int = Field(
        8 * MEGABYTE, ge=64 * 1024, description="Largest message of a page; larger documents are uploaded."
    )
    max_body: int = Field(64 * MEGABYTE, ge=1024, description="Largest request body.")
    min_free: int = Field(
        64 * MEGABYTE,
        ge=0,
        description="Bytes that must be free on the disk of this machine's own bus; with less nothing new is accepted.",
    )
    max_upload: int = Field(
        100 * MEGABYTE, ge=1024, description="Largest file that may be uploaded; the converter takes up to MAX_DOCUMENT."
    )
    graph_enabled: bool = Field(True, description="Whether Microsoft Graph's print API is there (/v1.0 and /beta).")
    graph_strict: bool = Field(
        True,
        description="Whether Graph's own rules hold where partners complain of them: one trigger for each printer, and only users "
        "make triggers and jobs. When off, applications with the right permissions do so by themselves, too.",
    )
    graph_requests_per_minute: int = Field(
        6000, ge=1, description="Requests to /v1.0 and /beta that one user of one application may send in a minute; then 429."
    )
    max_job_document: int = Field(
        1024 * MEGABYTE, ge=1024, description="Largest document of a Graph job; the converter takes up to MAX_DOCUMENT."
    )
    max_piece: int = Field(60 * MEGABYTE, ge=1024, description="Most bytes of such a document that one request may bring.")
    graph_audience: str = Field(
        "",
        description="What tokens of the built-in issuer are for (`aud`); empty: PUBLIC_URL, or api://printbus where that is empty, "
        "too. Those that were asked for https://graph.microsoft.com are good as well.",
    )
    issuer_enabled: bool = Field(
        True, description="Whether this server gives out access tokens itself, at /oauth2/v2.0/token, and believes them."
    )
    oidc_issuers: tuple[TrustedIssuer, ...] = Field(
        (),
        description="Other issuers whose access tokens are believed at Graph's API, a JSON list of objects: issuer, audiences and "
        "tenant or tenants (see docs/runbooks/identity.md), such as "
        '[{"issuer": "https://login.example/realms/office", "audiences": ["api://printbus"], "tenant": "main"}].',
    )
    token_tries: int = Field(
        30, ge=1, description="Wrong tokens that one address may show in a minute; then it waits, unless it was let in before."
    )
    receive_timeout: float = Field(
        20.0, gt=0, description="Seconds that a request's head may take; a body may take longer, at 16 KB/s or faster."
    )
    extended_view: bool = Field(
        False, description="Whether all answers have the keys of the extended view, which strict clients may not know."
    )
    time_zone: str = Field("Asia/Shanghai", description="Time zone of the days in lists, such as Europe/Berlin.")
    worker: int | None = Field(
        None, ge=0, le=1023, description="Number of this gateway in task ids, different for each; empty: drawn at start."
    )
    canary_period: float = Field(
        0.0,
        ge=0,
        le=86_400,
        description="Seconds between two tasks that go the whole way to each agent that is online and print nothing, to see "
        "whether it is open; 0: none are sent.",
    )
    canary_patience: float = Field(30.0, gt=0, le=3600, description="Seconds after which such a task is late.")
    region_documents: dict[str, str] = Field(
        {},
        description='DOCUMENTS_URL of other regions, a JSON object such as {"us": "s3://us-documents"}; a document for a region '
        "that is not named rides in the message, up to 1 MB.",
    )
    document_key_file: Path | None = Field(None, description="Key that signs document addresses; default: keys/documents.key.")
    upload_key_file: Path | None = Field(None, description="Key of the addresses of uploads; default: keys/uploads.key.")
    seal_public_key_file: Path | None = Field(None, description="The converter's public key; default: keys/seal.pub.")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("write the name of a time zone, such as Asia/Shanghai") from None
        return value

    @field_validator("https_port", mode="before")
    @classmethod
    def _https(cls, value: object) -> object:
        return OFF if isinstance(value, str) and value.strip().lower() == "off" else value

    @field_validator("webapi_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not is_origin(origin):
                raise ValueError("write origins as browsers send them: https://shop.example.org, small letters, no path, no *")
        return value

    @field_validator("http_names")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError("write names such as print.example.org or print.example.org:8443, without a scheme")
        return value

    @property
    def own_sn(self) -> str:
        """The serial number of this server's own client; empty as long as it has none."""
        path = self.data_dir / "sn"
        return self.sn or (path.read_text().strip() if path.is_file() else "")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    @property
    def document_key(self) -> Path:
        """Where the key of document addresses is."""
        return self.document_key_file or self.keys_dir / DOCUMENT_KEY

    @property
    def upload_key(self) -> Path:
        """Where the key of the addresses of uploads is."""
        return self.upload_key_file or self.keys_dir / UPLOAD_KEY

    @property
    def seal_public_key(self) -> Path:
        """Where the converter's public key is."""
        return self.seal_public_key_file or self.keys_dir / SEAL_PUBLIC
