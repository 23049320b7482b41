"""What the application that serves a printer says of a job: an extension, for v1.0 has no words for it (design.md, States)."""

from collections.abc import Mapping
from typing import Any

from libs.contracts.jobs import Service
from services.gateway.graph.http.members import flag, text
from services.gateway.graph.problem import bad

#: `status.state` of a PATCH -> how far the job is.
STATES = {
    "processing": Service.PRINTING,
    "stopped": Service.STOPPED,
    "completed": Service.COMPLETED,
    "aborted": Service.ABORTED,
}


def service_of(status: Any) -> tuple[Service, str]:
    """How far a job is, and the sentence that says more. `{"isAcquiredByPrinter": true}` alone says that it was taken.

    Raises `Problem` 400.
    """
    if not isinstance(status, Mapping):
        raise bad('status is an object: {"state": "completed", "description": "…"}.', "status")
    told = status.get("description")
    description = "" if told is None else text(told, "status.description")
    state = status.get("state")
    if state is None:
        taken = status.get("isAcquiredByPrinter")
        if taken is None or not flag(taken, "status.isAcquiredByPrinter"):
            raise bad(f"status has a state ({', '.join(STATES)}), or isAcquiredByPrinter: true.", "status")
        return Service.ACKNOWLEDGED, description
    known = {name.lower(): service for name, service in STATES.items()}
    if not isinstance(state, str) or state.lower() not in known:
        raise bad(f"status.state is one of {', '.join(STATES)}.", "status.state")
    return known[state.lower()], description
