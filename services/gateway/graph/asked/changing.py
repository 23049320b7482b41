"""The JSON body that changes a printer: people set, the application that serves it describes (graph-print.md 1.3)."""

from collections.abc import Mapping
from typing import Any

from services.gateway.graph.entities.printer import STATES
from services.gateway.graph.http.members import flag, label, read, several, text
from services.gateway.graph.problem import bad
from services.gateway.graph.words import capabilities, defaults
from services.gateway.graph.words.details import detail, reason
from services.gateway.graph.words.locations import read_location

#: Who may change which member.
PEOPLE = ("displayName", "location", "defaults")
APPLICATIONS = ("displayName", "manufacturer", "model", "status", "isAcceptingJobs", "defaults", "capabilities")
_FIELDS = {"displayName": "display", "manufacturer": "manufacturer", "model": "model"}


def changes(body: Mapping[str, Any], *, delegated: bool) -> dict[str, Any]:
    """The fields of `ChangePrinter` that a body says. What only the other kind of token may change is refused, unknown members
    and annotations are passed over. Raises `Problem` 400 that names the member.
    """
    allowed, others = (PEOPLE, APPLICATIONS) if delegated else (APPLICATIONS, PEOPLE)
    found: dict[str, Any] = {}
    for name, value in body.items():
        if name in allowed:
            found |= _change(name, value)
        elif name in others:
            who = "the application that registered the printer, by itself" if delegated else "a signed-in administrator"
            raise bad(f"{name} can be changed by {who} only; here you can change {', '.join(allowed)}.", name)
    if not found:
        raise bad(f"The body names nothing that can be changed; write one of {', '.join(allowed)}.")
    return found


def _change(name: str, value: Any) -> dict[str, Any]:
    if name in _FIELDS:
        return {_FIELDS[name]: label(value, name)}
    if name == "location":
        return {"location": read_location(value)}
    if name == "defaults":
        return {"defaults": read(value, defaults.MEMBERS, name)}
    if name == "capabilities":
        return {"capabilities": read(value, capabilities.MEMBERS, name)}
    if name == "isAcceptingJobs":
        return {"accepting": flag(value, name)}
    return _status(value)


def _status(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise bad('status must be an object, as {"state": "idle", "details": []}.', "status")
    found: dict[str, Any] = {}
    if value.get("state") is not None:
        state = STATES.get(text(value["state"], "status.state").lower())
        if state is None:
            raise bad(f"status.state must be one of {', '.join(STATES)}.", "status.state")
        found["state"] = state.value
    if value.get("details") is not None:
        names = several(text)(value["details"], "status.details")
        found["reasons"] = tuple(_reason(each, f"status.details[{at}]") for at, each in enumerate(names) if each != "none")
    if not found:
        raise bad("status must say state or details.", "status")
    return found


def _reason(name: str, member: str) -> str:
    """The keyword of a name; one of IPP's own is taken as well."""
    keyword = reason(name) or (name if detail(name) != "other" else None)
    if keyword is None:
        raise bad(f"{member} must be a printerProcessingStateDetail, as mediaEmpty.", member)
    return keyword
