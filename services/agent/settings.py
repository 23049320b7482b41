"""Every knob of the agent."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from libs.contracts.devices import PartialPolicy, ResumePolicy, UnknownPolicy
from libs.runtime.settings import Settings, SettingsError
from services.agent.joined import read_joined


class Joined(PydanticBaseSettingsSource):
    """The settings that `join` found out; whatever the environment says wins."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return read_joined(self._folder()).get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return read_joined(self._folder())

    def _folder(self) -> Path:
        default = self.settings_cls.model_fields["data_dir"].default
        return Path(self.current_state.get("data_dir", default))


class AgentSettings(Settings):
    """Durations are seconds, sizes bytes."""

    sn: str = Field("", description="Serial number of the agent, 8 letters and digits; empty: `sn` in the data folder.")
    tenant: str = Field("main", pattern=r"^[a-z0-9-]{1,32}$", description="Tenant that the agent belongs to.")
    shard: int = Field(0, ge=0, description="Shard of the PRINT stream that the agent reads, as the registry gave it.")
    enrolment_token: str = Field("", description="For `python -m services join`: the enrolment token, where nobody can type it.")
    printers: tuple[str, ...] = Field(
        (),
        description="JSON list of printers: file:///some/folder?name=Paper, socket://host:9100?name=Label, "
        "ipp://host:port/ipp/print?name=Office, cups://localhost:631 or cups://localhost:631/QUEUE; "
        "each may add unknown=ask, unknown=reprint or unknown=give-up; resume=all, resume=newest or resume=ask; partial=give-up, "
        "partial=continue or partial=reprint; raw=true or raw=false (labels pass untouched); and "
        "raster=escpos for a receipt printer, with width, dpi, cut, drawer and dither.",
    )
    unknown_policy: UnknownPolicy = Field(
        UnknownPolicy.ASK,
        description="What becomes of a task of which nobody can say whether it is on paper: ask, reprint or give-up.",
    )
    resume_policy: ResumePolicy = Field(
        ResumePolicy.ALL,
        description="What becomes of tasks that waited while this agent was cut off for long (the spooler's CUT_OFF_AFTER): all "
        "are printed, the newest of each name, or none before somebody resumes the printer (ask).",
    )
    partial_policy: PartialPolicy = Field(
        PartialPolicy.GIVE_UP,
        description="What becomes of a task whose printer gave it up in the middle, and says itself how much is on paper: it ends "
        "(give-up), it goes on with the sheet behind (continue), or it is printed once more from its beginning (reprint).",
    )
    finish_grace: float = Field(
        3.0, ge=0, le=86_400, description="Seconds after which a task counts as printed where no printer confirms it."
    )
    stall_limit: float = Field(
        600.0, gt=0, le=86_400, description="Seconds after which a printer that takes nothing has given up on the document in hand."
    )
    gateway_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#]+/?)?$",
        description="Where this agent reaches the gateway for documents, such as http://printbus-gateway:39899, where that is "
        "another address than PUBLIC_URL; empty: as the gateway says.",
    )
    fetch_ahead: int = Field(
        2 * 1024**3, ge=0, description="Bytes of documents that may lie on the agent's disk before their turn has come."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `join` wrote down holds where nobody says otherwise."""
        return init_settings, env_settings, Joined(settings_cls)

    @field_validator("sn")
    @classmethod
    def _sn(cls, value: str) -> str:
        if value and not (len(value) == 8 and value.isascii() and value.isalnum()):
            raise ValueError("write exactly 8 letters and digits, such as jueKiUEE")
        return value

    @property
    def own_sn(self) -> str:
        """The agent's serial number. Raises `SettingsError` when it has none."""
        path = self.data_dir / "sn"
        sn = self.sn or (path.read_text().strip() if path.is_file() else "")
        if not sn:
            raise SettingsError("PRINTBUS_SN is missing: write the serial number that the agent was enrolled with.")
        return sn

    @property
    def folder(self) -> Path:
        """Where this agent's journal and fetched documents lie."""
        return self.data_dir / "agent" / self.own_sn
