"""Every knob of the converter."""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from libs.contracts.documents import Engine
from libs.runtime.settings import Settings

MEGABYTE = 1024 * 1024


class ConverterSettings(Settings):
    """The converter's settings. Durations are seconds, sizes bytes."""

    convert_timeout: float = Field(60.0, gt=0, description="Seconds that one document may keep an engine busy.")
    converter_engines: tuple[Engine, ...] = Field(
        tuple(Engine), min_length=1, description='Engines that this converter serves, a JSON list such as ["office"]; default: all.'
    )
    converter_lanes: int = Field(2, ge=1, le=64, description="LibreOffice processes that work at the same time.")
    converter_workers: int = Field(
        default_factory=lambda: max(2, os.cpu_count() or 2), ge=1, le=256, description="Processes for text, images and PDF work."
    )
    converter_pages: int = Field(4, ge=1, le=64, description="HTML documents that are rendered at the same time in the browser.")
    fetch_allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description='CIDRs that documents\' addresses may reach besides public ones, a JSON list such as ["10.1.0.0/16"].'
    )
    max_document: int = Field(100 * MEGABYTE, gt=0, description="Largest document, as given and as made.")
    max_pixels: int = Field(50_000_000, gt=0, description="Largest image, width times height.")
    max_pages: int = Field(10_000, gt=0, description="Most pages of a document, and most pages that its copies may make of it.")
    engine_memory: int = Field(
        1500 * MEGABYTE, ge=256 * MEGABYTE, description="Memory (PSS) at which an engine with all its processes is killed."
    )
    time_zone: str = Field("Asia/Shanghai", description="Time zone of the days in lists, such as Europe/Berlin.")
    converter_previews: int = Field(2, ge=1, le=64, description="Previews that are made at the same time; others are refused.")
    xpstopdf: Path = Field(Path("/usr/bin/xpstopdf"), description="The program that turns XPS into PDF (Debian: libgxps-utils).")
    engine_recycle: int = Field(300, gt=0, description="Documents after which an engine is replaced by a fresh one.")
    engine_idle: float = Field(600.0, gt=0, description="Seconds without work after which engines are stopped.")
    soffice: Path = Field(
        Path("/usr/lib/libreoffice/program/soffice.bin"), description="LibreOffice's own program (not its start script)."
    )
    office_python: Path = Field(Path("/usr/bin/python3"), description="The Python that can import LibreOffice's `uno`.")
    seal_private_key_file: Path | None = Field(None, description="Key that opens sealed fields; default: `keys/seal.key`.")
    chromium: str = Field("", description="Browser for HTML; empty: chromium-headless-shell, else chromium, from PATH.")

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
        """The time zone itself: of the days that marks show."""
        return ZoneInfo(self.time_zone)

    @property
    def engines_dir(self) -> Path:
        """Where engines have their private folders; emptied at every start."""
        return self.data_dir.absolute() / "engines"
