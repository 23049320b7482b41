"""What the spooler reads from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from libs.runtime.settings import Settings


class SpoolerSettings(Settings):
    """Durations are seconds."""

    print_ahead: int = Field(100, ge=1, le=400, description="Orders of one printer that may be with its agent at once.")
    head_wait: float = Field(60.0, ge=0, description="Seconds that a conversion at the head of a line holds those behind it.")
    cut_off_after: float = Field(
        300.0,
        ge=0,
        description="Seconds for which an agent must have been away before its printers' resume=newest or resume=ask says what is "
        "printed of what waited.",
    )
    hold_limit: float = Field(
        3 * 86_400.0,
        gt=0,
        description="Seconds that a task waits to be released, or fetched by the application that serves its printer.",
    )
    tenant_weights: dict[str, Annotated[int, Field(ge=1, le=1000)]] = Field(
        {},
        description='Tenants that get more conversions than others while engines are busy, as {"acme": 3}; all others: 1.',
    )
    converters: int = Field(
        1, ge=1, le=1000, description="Converter processes of the region: so many times as many conversions are given away at once."
    )
    retention: float = Field(7 * 86_400.0, gt=0, description="Seconds that an ended task and its documents are kept.")
    archive_retention: float = Field(
        400 * 86_400.0, gt=0, description="Seconds that usage reports go back: what is kept of jobs when their tasks are forgotten."
    )
    audit_period: float = Field(5.0, gt=0, description="Seconds between looks whether all that was accepted became tasks.")
    overdue_after: float = Field(
        1800.0, gt=0, description="Seconds without news after which a conversion, or a line that could move, is listed as overdue."
    )
    public_url: str = Field("", description="Address of the gateway as agents reach it; empty: http://127.0.0.1:HTTP_PORT.")
    http_port: int = Field(39899, ge=0, le=65535, description="Port of the gateway.")
    document_key_file: Path | None = Field(None, description="Key that signs document addresses; default: `keys/documents.key`.")
    spooler_holder: str = Field("", description="Name under which this process holds the lease; empty: a random one.")
