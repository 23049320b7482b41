"""What every service reads from the environment: the settings they share, and errors that name the variable."""

import re
from pathlib import Path
from typing import Literal, TypeVar, get_origin

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

PREFIX = "PRINTBUS_"

_LIST, _OBJECT = 'write it as JSON, a list such as ["one", "two"]', 'write it as JSON, an object such as {"name": "value"}'
#: What to write instead, by pydantic's name of what is wrong; others' own words are good enough.
_INSTEAD = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "write a whole number, such as 10"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "write a number, such as 2.5"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "write true or false"),
    **dict.fromkeys(("literal_error", "enum"), "write {expected}"),
    **dict.fromkeys(("list_type", "tuple_type"), _LIST),
    **dict.fromkeys(("dict_type", "model_type", "dataclass_type"), _OBJECT),
    **dict.fromkeys(("ip_v4_network", "ip_v6_network"), "write networks such as 10.1.0.0/16"),
    **dict.fromkeys(("string_type", "path_type"), "write text, in quotation marks inside of JSON"),
    "missing": "write what is missing",
    "too_short": "write {min_length} or more",
    "too_long": "write {max_length} or fewer",
    "ip_v4_address": "write addresses such as 192.0.2.1",
    "string_pattern_mismatch": "write what the pattern {pattern} allows",
    "greater_than": "write more than {gt}",
    "greater_than_equal": "write {ge} or more",
    "less_than": "write less than {lt}",
    "less_than_equal": "write {le} or less",
}


class SettingsError(Exception):
    """A setting is wrong; the sentence names the variable and what to write instead."""


class Settings(BaseSettings):
    """The settings that all services share. Durations are seconds, sizes bytes. An empty variable is as good as none."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, allow_inf_nan=False)

    data_dir: Path = Field(Path("data"), description="Folder for everything that must outlive the process.")
    region: str = Field("local", pattern=r"^[a-z0-9-]{1,32}$", description="Name of this region: a token of every subject.")
    links: tuple[Path, ...] = Field(
        (),
        description="Other regions that this one is linked with: the file that `python -m services link` made in each, a JSON list "
        'such as ["/etc/printbus/us.link"].',
    )
    nats_url: str = Field(
        "", description="Address of the NATS server, of several with commas between; empty: the embedded server starts its own."
    )
    nats_creds: Path | None = Field(None, description="Credentials file; default: `keys/<service>.creds` in the data folder.")
    database_url: str = Field("", description="SQLAlchemy address of PostgreSQL; empty: SQLite files in the data folder.")
    documents_url: str = Field(
        "", description="Where documents lie: a folder, or an s3://, gs:// or az:// address; empty: `documents` in the data folder."
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of probes and metrics; 0: a free one, which is logged.")
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least important line that is logged.")
    otlp_endpoint: str = Field("", description="OpenTelemetry collector (OTLP over HTTP); empty: no traces leave the process.")
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of new traces that are recorded; a caller's own decision wins.")
    shutdown_grace: float = Field(10.0, gt=0, description="Seconds that a service may take to finish or hand back its work.")
    crashpoint: str = Field("", description="For tests: a named point, `name` or `name:n`, at which the process kills itself.")

    @field_validator("nats_url")
    @classmethod
    def _nats_url(cls, value: str) -> str:
        servers = [_begins(each.strip(), "nats://", "tls://", "ws://", "wss://") for each in value.split(",") if each.strip()]
        if len({each.partition("://")[0] for each in servers}) > 1:
            raise ValueError("write addresses that all begin with the same of nats://, tls://, ws:// or wss://")
        return ",".join(servers)

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str) -> str:
        return _begins(value, "postgresql://", "postgresql+asyncpg://")

    @field_validator("documents_url")
    @classmethod
    def _documents_url(cls, value: str) -> str:
        return _begins(value, "s3://", "gs://", "az://") if "://" in value else value

    @field_validator("otlp_endpoint")
    @classmethod
    def _otlp_endpoint(cls, value: str) -> str:
        return _begins(value, "http://", "https://")

    @field_validator("crashpoint")
    @classmethod
    def _crashpoint(cls, value: str) -> str:
        if value and not re.fullmatch(r"[a-z][a-z0-9-]*(:[1-9][0-9]*)?", value):
            raise ValueError("write the name of a point, or name:n for its n-th passing")
        return value

    @property
    def keys_dir(self) -> Path:
        """Where `provision` puts keys and credentials."""
        return self.data_dir / "keys"

    def credentials(self, user: str) -> Path:
        """The credentials file of a bus user."""
        return self.nats_creds or self.keys_dir / f"{user}.creds"


S = TypeVar("S", bound=Settings)


def read(kind: type[S], **given: object) -> S:
    """The settings of one service from the environment; `given` values win over it.

    Raises `SettingsError` with one sentence for each wrong variable.
    """
    try:
        return kind(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        told = {problem["loc"][:1]: _sentence(problem) for problem in reversed(error.errors())}  # the first one of each variable
        raise SettingsError(" ".join(reversed(told.values()))) from None
    except UnreadableError as error:
        field = str(error).split('"')[1]  # error parsing value for field "printers" from source "EnvSettingsSource"
        shape = _OBJECT if get_origin(kind.model_fields[field].annotation) is dict else _LIST
        raise SettingsError(f"{PREFIX}{field.upper()} is wrong: {shape}.") from None


def _begins(value: str, *schemes: str) -> str:
    """An address that begins with one of these, or none at all."""
    if value and not value.startswith(schemes):
        raise ValueError(f"write an address that begins with {' or '.join(schemes)}, or leave it empty")
    return value


def _sentence(problem: ErrorDetails) -> str:
    """What is wrong with which variable; never the value, which may be a secret."""
    name = PREFIX + str(problem["loc"][0] if problem["loc"] else "settings").upper()
    within = ".".join(each for each in problem["loc"][1:] if isinstance(each, str) and "[" not in each)
    told = _INSTEAD.get(problem["type"], problem["msg"].removeprefix("Value error, ").rstrip("."))
    for key, value in problem.get("ctx", {}).items():
        whole = isinstance(value, float) and value.is_integer()
        told = told.replace(f"{{{key}}}", str(int(value) if whole else value))
    return f"{name} is wrong{within and f' at {within}'}: {told}."
