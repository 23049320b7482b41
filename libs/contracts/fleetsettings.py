"""Settings of a tenant's printers as Graph has them: printSettings and alerts; asked of the registry (graph-print.md 2.12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from libs.contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """printSettings of a tenant. `alerts` are the members of printAlertSettings that were set; their shape is ours."""

    conversion: bool = True
    incompatible_printers: str = "show"
    alerts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFleetSettings(Message, subject="query.{region}.registry.get-fleet-settings"):
    region: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFleetSettings(Message, subject="query.{region}.registry.change-fleet-settings"):
    """Change what is not None; `alerts` is merged by member, and one that is None is taken away."""

    region: str
    tenant: str
    conversion: bool | None = None
    incompatible_printers: str | None = None
    alerts: Mapping[str, Any] | None = None
    by: str = ""


#: Question -> the record that answers it (or a `Refusal`).
FLEET_SETTINGS_ANSWER: dict[type[Message], type] = {GetFleetSettings: FleetSettings, ChangeFleetSettings: FleetSettings}
