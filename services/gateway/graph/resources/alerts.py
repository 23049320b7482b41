"""What a tenant wants to be told of its printers; the shape is ours, as nobody has published beta's (graph-print.md 1.13)."""

from collections.abc import Mapping
from typing import Any

from libs.contracts.fleetsettings import ChangeFleetSettings, FleetSettings, GetFleetSettings
from services.gateway.graph.call import Answer, Call, Reply, Route
from services.gateway.graph.http.members import Reader, flag, read, several, text
from services.gateway.graph.problem import bad
from services.gateway.graph.words.details import NAMES

CONTEXT = "print/alertSettings"
_NAMES = {name.lower(): name for name in NAMES - {"unknownFutureValue"}}


def _detail(value: Any, name: str) -> str:
    found = _NAMES.get(text(value, name).lower())
    if found is None:
        raise bad(f"{name} must be a printerProcessingStateDetail, as mediaEmpty.", name)
    return found


#: Whether anybody is to be told, of which details of printers' states (none: of all), and who that is.
MEMBERS: dict[str, Reader] = {"isEnabled": flag, "details": several(_detail), "recipients": several(text)}


async def get_alerts(call: Call) -> Answer:
    """A printAlertSettings."""
    answer: FleetSettings = await call.ask(GetFleetSettings(region=call.gateway.region, tenant=call.who.tenant))
    return Reply(body=_entity(answer), context=CONTEXT)


async def change_alerts(call: Call) -> Answer:
    """Some of it; null is as it was at first."""
    wanted = read(call.body, MEMBERS, "alertSettings")
    if not wanted:
        raise bad(f"The body names nothing to change; write one of {', '.join(MEMBERS)}.")
    question = ChangeFleetSettings(region=call.gateway.region, tenant=call.who.tenant, by=call.who.by, alerts=wanted)
    answer: FleetSettings = await call.ask(question)
    return Reply(body=_entity(answer), context=CONTEXT)


def _entity(settings: FleetSettings) -> Mapping[str, Any]:
    return {"isEnabled": False, "details": [], "recipients": [], **settings.alerts}


ROUTES = (
    Route("GET", "print/alertSettings", get_alerts, beta=True),
    Route("PATCH", "print/alertSettings", change_alerts, beta=True),
)
