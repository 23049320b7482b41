"""What `join` writes down and the agent starts from: who it is and where the bus is, in its data folder."""

import json
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from libs.runtime.credentials import write_secret

#: The file in the data folder, and the settings that it may hold.
FILE = "joined.json"
HELD = ("sn", "tenant", "shard", "region", "nats_url")


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


def read_joined(folder: Path) -> dict[str, Any]:
    """What was written down in a data folder; empty: nothing, or nothing that can be read."""
    try:
        said = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return {name: said[name] for name in HELD if name in said} if isinstance(said, dict) else {}


def write_joined(folder: Path, **held: str | int) -> None:
    """Write it down, whole or not at all."""
    write_secret(folder / FILE, json.dumps(held, indent=2) + "\n")
