"""A running spooler with its bus, and the doors and workers around it as a test plays them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from libs.contracts.agents import AdmitAgent, Heartbeat
from libs.contracts.directory import BUCKET, TICK
from libs.contracts.events import AnyTaskEvent
from libs.contracts.message import decode
from libs.contracts.orders import AgentOrder, ConvertDocument
from libs.contracts.queries import GetTask
from libs.contracts.streams import CONVERT, INTAKE, PRINT, REPORTS, TASKS, agent_consumer
from libs.contracts.tasks import TaskRequest, TaskView
from libs.runtime import admin
from libs.runtime.bus import Bus
from libs.runtime.ending import end
from libs.runtime.service import Service
from libs.runtime.traces import Tracing
from services.spooler.app import start
from services.spooler.settings import SpoolerSettings
from tests.bus import Rig, running_bus
from tests.spooler.making import AGENT, PLACE, converted, submission
from tests.waiting import until


class Stage:
    """The world around the spooler under test."""

    def __init__(self, rig: Rig, settings: SpoolerSettings, admin_bus: Bus, agent: Bus) -> None:
        self.rig = rig
        self.settings = settings
        self.admin = admin_bus
        self.agent = agent
        self._row = 0

    @asynccontextmanager
    async def spooler(self, **changes: object) -> AsyncIterator[Service]:
        """One spooler process, so to speak."""
        service = Service("spooler", Tracing("spooler"), 3)
        try:
            await start(service, self.settings.model_copy(update=changes))
            yield service
        finally:
            await service.stop()

    async def ready(self, service: Service) -> None:
        problems: dict[str, str] = {}

        async def no_problems() -> bool:
            problems.clear()
            problems.update(await service.problems())
            return not problems

        try:
            await until(no_problems, what="the spooler is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}: {problems}") from None

    async def submit(self, *requests: TaskRequest) -> None:
        await self.admin.publish(submission(*requests), stream=INTAKE)

    async def shown(self, task: str) -> TaskView:
        answer = await self.admin.ask(GetTask(region="local", tenant="main", sn=AGENT, task=task), timeout=30)
        return answer.task

    async def convert_orders(self, count: int) -> list[ConvertDocument]:
        return [decode(ConvertDocument, data) for data in await self._messages(CONVERT, count)]

    async def agent_orders(self, count: int) -> list:
        return [decode(AgentOrder, data) for data in await self._messages(PRINT, count)]

    async def events(self, count: int) -> list:
        return [decode(AnyTaskEvent, data) for data in await self._messages(TASKS, count)]

    async def events_to_the_end(self) -> list:
        """All events, once one of them is an end."""

        async def ended() -> list:
            found = await self.events(1)
            return found if found[-1].kind == "EndTask" else []

        return await until(ended, what="the end is told")

    async def convert(self, *requests: TaskRequest) -> None:
        """Play the converter, whose orders come after their tasks were taken in."""
        await asyncio.gather(*(self.shown(request.id) for request in requests))
        for request in requests:
            await self.admin.publish(converted(request.id), stream=REPORTS)

    async def tell(self, kind, task: str, attempt: int = 1, **fields: object) -> None:
        """Play the agent."""
        self._row += 1
        message = kind(**{**PLACE, "task": task, "attempt": attempt, **fields})
        await self.agent.publish(message, stream=REPORTS, message_id=f"journal:{self._row}")

    async def admit(self, journal: str):
        return await self.agent.ask(AdmitAgent(**PLACE, journal=journal), timeout=30)

    async def beat(self, journal: str, *, leaving: bool = False) -> None:
        await self.agent.tell(Heartbeat(**PLACE, journal=journal, leaving=leaving))
        await self.agent.client.flush()

    async def _messages(self, stream: str, count: int) -> list[bytes]:
        """Everything in a stream, once there is so much."""

        async def enough() -> bool:
            return (await self.admin.js.stream_info(stream)).state.messages >= count

        await until(enough, what=f"{stream} has {count} messages")
        info = await self.admin.js.stream_info(stream)
        found = [await self.admin.js.get_msg(stream, sequence) for sequence in range(info.state.first_seq, info.state.last_seq + 1)]
        return [message.data for message in found]


async def _ticking(bus: Bus) -> None:
    """Play the registry: the directory is alive and empty."""
    bucket = await bus.js.key_value(BUCKET)
    while True:
        await bucket.put(TICK, b"1")
        await asyncio.sleep(0.5)  # the pace of its ticks


@asynccontextmanager
async def stage(folder: Path, database_url: str = "", **changes: object) -> AsyncIterator[Stage]:
    """A bus, an enrolled agent, a registry that ticks; spoolers are started by the test."""
    async with running_bus(folder) as rig:
        admin_bus = await rig.connect("admin")
        await admin.ensure_consumer(admin_bus.js, agent_consumer("local", 0, "main", AGENT))
        rig.issue_agent(AGENT)
        agent = await rig.connect(AGENT)
        settings = SpoolerSettings(data_dir=folder, nats_url=rig.url, database_url=database_url, shutdown_grace=3, **changes)
        ticking = asyncio.create_task(_ticking(admin_bus))
        try:
            yield Stage(rig, settings, admin_bus, agent)
        finally:
            await end(ticking)
