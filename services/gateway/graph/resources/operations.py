"""Operations: what became of the registration of a printer (graph-print.md 1.2, 2.12)."""

from collections.abc import Sequence
from typing import Any

from libs.contracts.fleet import GetOperation, ListOperations, OperationAnswer, OperationList, OperationView
from services.gateway.graph.call import Answer, Call, Reply, Route
from services.gateway.graph.entities.printer import NEVER, printer_entity
from services.gateway.graph.http.walking import paged
from services.gateway.graph.odata.query import Query
from services.gateway.graph.words.moments import instant

#: Told of one operation, and in no list.
_ALONE = ("certificate", "printer")
_UNDER_WAY = ("notStarted", "running")
_SENTENCES = {
    "notStarted": "The registration has not begun yet.",
    "running": "The printer is being registered.",
    "succeeded": "The printer is registered.",
    "failed": "The printer could not be registered.",
}


async def get_operation(call: Call) -> Answer:
    """One of the tenant's operations; while it goes on, with when to ask again."""
    question = GetOperation(region=call.gateway.region, tenant=call.who.tenant, operation=call.ids["operation"])
    answer: OperationAnswer = await call.ask(question)
    headers = {"Retry-After": "1"} if answer.operation.state in _UNDER_WAY else {}
    body = operation_entity(answer.operation, beta=call.beta)
    return Reply(body=body, context="print/operations/$entity", headers=headers)


async def list_operations(call: Call) -> Answer:
    """All that are still told, newest first; what became of one it tells itself."""

    async def ask(offset: int, limit: int) -> tuple[Sequence[OperationView], int]:
        question = ListOperations(region=call.gateway.region, tenant=call.who.tenant, offset=offset, limit=limit)
        answer: OperationList = await call.ask(question)
        return answer.operations, answer.total

    async def show(found: Sequence[OperationView]) -> list[dict[str, Any]]:
        return [{name: value for name, value in operation_entity(each).items() if name not in _ALONE} for each in found]

    return await paged(call.query, "print/operations", ask, show)


def operation_entity(view: OperationView, *, beta: bool = False) -> dict[str, Any]:
    """A printerCreateOperation; certificate and printer are there once it has succeeded."""
    found: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.printerCreateOperation",
        "id": view.id,
        "createdDateTime": instant(view.created_at) or NEVER,
        "status": {"state": view.state, "description": view.description or _SENTENCES.get(view.state, "")},
    }
    if view.state == "succeeded":
        found["certificate"] = view.certificate or None
        found["printer"] = printer_entity(view.printer, Query(), beta=beta) if view.printer else None
    return found


ROUTES = (
    Route("GET", "print/operations", list_operations),
    Route("GET", "print/operations/{operation}", get_operation),
)
