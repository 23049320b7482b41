"""What the spooler asks of exactly one worker: convert this, print this, hand this back (design.md rule 5)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.devices import Target
from libs.contracts.documents import Document, Engine, Format, Printable
from libs.contracts.message import Message
from libs.contracts.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertDocument(Message, subject="order.convert.{region}.{engine}", message_id="{task}:convert:{attempt}"):
    """Render and finish one document. Times are milliseconds since 1970; 0: no limit.

    `finish` False: only render it; a held task is finished when its printer is known (design.md rule 15), by a second order whose
    document is what was rendered and whose `rendered_from` is the format that the task's own document had: it tells whether
    margins are in the pages already, and whether they may be enlarged. `name` and `client` are what the marks' variables of
    those names show. `printer` is the one that it is for, with which the tenant's others share converters fairly; it may change.
    """

    kind: Literal["ConvertDocument"] = "ConvertDocument"
    region: str
    engine: Engine
    tenant: str
    task: str
    attempt: int
    document: Document
    ticket: Ticket
    target: Target
    expires: int = 0
    valid_until: int = 0
    traceparent: str = ""
    finish: bool = True
    name: str = ""
    client: str = ""
    rendered_from: Format | None = None
    printer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintDocument(
    Message, subject="order.print.{region}.{shard}.{tenant}.{agent}.{printer}", message_id="{task}:print:{attempt}"
):
    """Put one printable on the paper of one printer. `ticket` holds only what the printer itself still has to do.

    `expires`: not to be begun after it. `valid_until`: not to be taken after it. Both in milliseconds since 1970, 0: no limit.
    """

    kind: Literal["PrintDocument"] = "PrintDocument"
    region: str
    shard: int
    tenant: str
    agent: str
    printer: str
    task: str
    attempt: int
    name: str
    document: Printable
    ticket: Ticket
    expires: int = 0
    valid_until: int = 0
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTask(Message, subject="order.control.{region}.{shard}.{tenant}.{agent}", message_id="{task}:withdraw:{attempt}"):
    """Do not print this attempt if that can still be helped; the answer is `TaskWithdrawn` or `TaskTooLate`."""

    kind: Literal["WithdrawTask"] = "WithdrawTask"
    region: str
    shard: int
    tenant: str
    agent: str
    task: str
    attempt: int


AgentOrder = Annotated[PrintDocument | WithdrawTask, Field(discriminator="kind")]
Order = Annotated[ConvertDocument | PrintDocument | WithdrawTask, Field(discriminator="kind")]
