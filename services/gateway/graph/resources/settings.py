"""Settings of printing in a tenant: of their own address, and as a member of `print` (graph-print.md 1.2, 2.12)."""

from collections.abc import Mapping
from typing import Any

from libs.contracts.fleetsettings import ChangeFleetSettings, FleetSettings, GetFleetSettings
from services.gateway.graph.call import Answer, Call, Reply, Route
from services.gateway.graph.http.members import flag
from services.gateway.graph.problem import bad

_PRINTERS = ("show", "hide")


async def get_settings(call: Call) -> Answer:
    """A printSettings."""
    return Reply(body=_entity(await _known(call)), context="print/settings")


async def change_settings(call: Call) -> Answer:
    """Some of them; nothing is answered."""
    await _change(call, _changes(call.body, ""))
    return Reply(status=204)


async def get_print(call: Call) -> Answer:
    """The root of everything here: its settings; the rest are addresses below it."""
    return Reply(body={"settings": _entity(await _known(call))}, context="print")


async def change_print(call: Call) -> Answer:
    """The settings, as SDKs change them."""
    settings = call.body.get("settings")
    if not isinstance(settings, Mapping):
        raise bad('settings is needed, an object, as {"settings": {"documentConversionEnabled": true}}.', "settings")
    answer = await _change(call, _changes(settings, "settings."))
    return Reply(body={"settings": _entity(answer)}, context="print")


async def _known(call: Call) -> FleetSettings:
    answer: FleetSettings = await call.ask(GetFleetSettings(region=call.gateway.region, tenant=call.who.tenant))
    return answer


async def _change(call: Call, wanted: Mapping[str, Any]) -> FleetSettings:
    answer: FleetSettings = await call.ask(
        ChangeFleetSettings(region=call.gateway.region, tenant=call.who.tenant, by=call.who.by, **wanted)
    )
    return answer


def _changes(body: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "documentConversionEnabled" in body:
        found["conversion"] = flag(body["documentConversionEnabled"], f"{prefix}documentConversionEnabled")
    if "printerDiscoverySettings" in body:
        found["incompatible_printers"] = _discovery(body["printerDiscoverySettings"], f"{prefix}printerDiscoverySettings")
    if not found:
        raise bad("The body names nothing to change; write documentConversionEnabled or printerDiscoverySettings.")
    return found


def _discovery(value: Any, name: str) -> str:
    air_print = value.get("airPrint") if isinstance(value, Mapping) else None
    given = air_print.get("incompatiblePrinters") if isinstance(air_print, Mapping) else None
    for each in _PRINTERS:
        if isinstance(given, str) and given.lower() == each:
            return each
    member = f"{name}.airPrint.incompatiblePrinters"
    raise bad(f"{member} must be one of {', '.join(_PRINTERS)}.", member)


def _entity(settings: FleetSettings) -> dict[str, Any]:
    return {
        "documentConversionEnabled": settings.conversion,
        "printerDiscoverySettings": {"airPrint": {"incompatiblePrinters": settings.incompatible_printers}},
    }


ROUTES = (
    Route("GET", "print", get_print),
    Route("PATCH", "print", change_print),
    Route("GET", "print/settings", get_settings),
    Route("PATCH", "print/settings", change_settings),
)
