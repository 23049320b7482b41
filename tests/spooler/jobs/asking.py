"""Questions and commands about jobs as the tests of this folder ask them."""

from typing import Any

from libs.contracts.documents import Document, Format, Inline
from libs.contracts.hooks import Hook, HookState, HookView, SettleHook
from libs.contracts.jobs import CreateJob, GetJob, JobView, StartJob
from libs.contracts.people import Person
from tests.spooler.deciding import Deciding
from tests.spooler.making import AGENT, PRINTER, request

ADA = Person(id="user-ada", name="Ada@North.example", display="Ada", address="10.0.0.7")
BOB = Person(id="user-bob", name="bob@north.example", display="Bob")
HERE = {"region": "local", "tenant": "main", "agent": AGENT, "printer": PRINTER}
WATERMARKS = Hook(trigger="trigger-1", definition="definition-1", app="app-1", limit=3600, name="Watermarks")
ACCOUNTING = Hook(trigger="trigger-2", definition="definition-2", app="app-2", limit=3600, name="Accounting")
PDF = Document(Format.PDF, Inline(b"%PDF-1.7"), "letter.pdf")
NOTHING = Document(Format.PDF, Inline(b""))
JOB = "AGENT001-000000000001"


def creation(number: int = 1, document: Document = PDF, **changes: Any) -> CreateJob:
    """A job of Ada's; with a document, as if its upload were over."""
    made = request(number, **{"document": document, "user": ADA, "created_at": 0, **changes})
    return CreateJob(region="local", tenant="main", sn=AGENT, source="GRAPH", from_os="", request=made)


async def started(world: Deciding, number: int = 1, **changes: Any) -> JobView:
    """A job that was made and started just now."""
    made = creation(number, **changes)
    await world.ask(made)
    here = {**HERE, "agent": made.request.printer.agent, "printer": made.request.printer.id}
    return (await world.ask(StartJob(**here, task=made.request.id))).job


async def shown(world: Deciding, task: str = JOB, leg: int = 1, **changes: Any) -> JobView:
    """A job as it is now, with its hooks."""
    return (await world.ask(GetJob(**{**HERE, **changes}, task=task, leg=leg, hooks=True))).job


async def settle(world: Deciding, hook: HookView, state: HookState, description: str = "") -> HookView:
    """The application of a hook says how far it is."""
    question = SettleHook(
        region="local", tenant="main", app=hook.app, definition=hook.definition, hook=hook.id, state=state, description=description
    )
    return (await world.ask(question)).hook
