"""Orders to workers, made of a task and what is known of it."""

from dataclasses import replace

from libs.contracts.devices import Target
from libs.contracts.documents import ENGINE, Document, Format
from libs.contracts.message import Message, encode
from libs.contracts.orders import ConvertDocument, PrintDocument, WithdrawTask
from libs.contracts.reports import DocumentConverted
from libs.contracts.states import Stage
from libs.contracts.tasks import TaskRequest
from libs.contracts.tickets import Margins, Scaling, Ticket
from libs.runtime.bus import Outgoing, outgoing
from services.spooler.desk import Desk
from services.spooler.task import Task


def convert_order(desk: Desk, task: Task, request: TaskRequest, rendered: DocumentConverted | None) -> ConvertDocument:
    """What is rendered already, because it was held, is only finished."""
    document, rendered_from = request.document, None
    ticket, target = request.ticket, desk.printers.target(task.agent, task.printer)
    if rendered and not task.rendering:
        document, rendered_from = Document(Format.PDF, rendered.document.content, document.name), document.format
        if task.stage is Stage.PARTIAL:
            rendered_from, ticket, target = None, rest(rendered, task.pages_done - task.done_before), _as_it_is(target)
    return ConvertDocument(
        region=desk.region,
        engine=ENGINE[document.format],
        tenant=task.tenant,
        task=task.id,
        attempt=task.conversions,
        document=document,
        ticket=ticket,
        target=target,
        expires=task.expires_at,
        traceparent=task.traceparent,
        finish=not task.rendering,
        name=task.name,
        client=desk.printers.client_name(task.sn),
        rendered_from=rendered_from,
        printer=task.printer,
    )


def rest(converted: DocumentConverted, done: int) -> Ticket:
    """The ticket that makes of a finished document what is left of it behind so many sides: it chooses, and changes nothing."""
    return replace(converted.ticket, page_ranges=((done + 1, converted.document.pages),), scaling=Scaling.NONE)


def _as_it_is(target: Target) -> Target:
    """A printer for which nothing need be moved, scaled or made grey any more."""
    return replace(target, margins=Margins(0, 0, 0, 0), media=None, monochrome=True)


def print_order(region: str, task: Task, converted: DocumentConverted) -> PrintDocument:
    """The attempt that was dispatched just now."""
    return PrintDocument(
        region=region,
        shard=task.shard,
        tenant=task.tenant,
        agent=task.agent,
        printer=task.printer,
        task=task.id,
        attempt=task.attempt,
        name=task.name,
        document=converted.document,
        ticket=converted.ticket,
        expires=task.expires_at,
        valid_until=task.valid_until,
        traceparent=task.traceparent,
    )


def withdrawal(region: str, task: Task) -> Outgoing:
    """The open attempt is wanted back; asked again, it is another message."""
    order = WithdrawTask(region=region, shard=task.shard, tenant=task.tenant, agent=task.agent, task=task.id, attempt=task.attempt)
    return outgoing(order, f"{order.id}:{task.version}")


def traced(message: Message) -> Outgoing:
    """The task's own trace goes with what follows from it, never that of the message which was read by chance."""
    traceparent = getattr(message, "traceparent", "")
    return Outgoing(message.subject, encode(message), message.id, {"traceparent": traceparent} if traceparent else {})
