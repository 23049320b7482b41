"""The agent as a whole on a real bus, with a spooler that says what the test wants."""

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from libs.contracts.agents import AdmitAgent, Admitted, Heartbeat
from libs.contracts.ids import device_id
from libs.contracts.message import decode, encode
from libs.contracts.permissions import agent_permissions
from libs.contracts.queries import Code, Refusal
from libs.contracts.reports import DevicesReported, Report, TaskReport
from libs.contracts.streams import PRINT, REPORTS, agent_consumer
from libs.runtime import admin
from libs.runtime.keys import ADMIN
from libs.runtime.service import Service
from libs.runtime.settings import SettingsError, read
from libs.runtime.traces import Tracing
from services.agent.app import start
from services.agent.settings import AgentSettings
from tests.agent.orders import SN, order, task, withdrawal
from tests.bus import running_bus
from tests.printers import private_cupsd
from tests.waiting import until

TENANT = "acme"


class Spooler:
    """Answers `AdmitAgent` and hears heartbeats; silent while `answer` is None."""

    def __init__(self) -> None:
        self.answer: Admitted | Refusal | None = Admitted(sequence=0)
        self.asked: list[AdmitAgent] = []
        self.beats: list[Heartbeat] = []

    async def listen(self, bus) -> None:
        async def admit(message) -> None:
            self.asked.append(decode(AdmitAgent, message.data))
            if self.answer:
                await message.respond(encode(self.answer))

        async def beat(message) -> None:
            self.beats.append(decode(Heartbeat, message.data))

        await bus.client.subscribe("query.local.spooler.admit-agent.>", cb=admit)
        await bus.client.subscribe("heartbeat.local.>", cb=beat)


class Site:
    """One bus, one spooler, one folder of paper; agents come and go."""

    def __init__(self, rig, bus, spooler, folder) -> None:
        self.rig = rig
        self.bus = bus
        self.spooler = spooler
        self.folder = folder

    @asynccontextmanager
    async def agent(self, data: str = "data", **given):
        settings = read(
            AgentSettings,
            data_dir=self.folder / data,
            nats_url=self.rig.url,
            nats_creds=self.rig.keys.path(f"{SN}.creds"),
            sn=SN,
            tenant=TENANT,
            **{"printers": (f"file://{self.folder}/paper?name=Paper",), **given},
        )
        service = Service("agent", Tracing("agent"), 2)
        try:
            await start(service, settings)
            yield service
        finally:
            await service.stop()

    async def publish(self, *messages) -> None:
        for message in messages:
            await self.bus.publish(message, stream=PRINT)

    async def last(self) -> int:
        """The number of the last order."""
        return (await self.bus.js.stream_info(PRINT)).state.last_seq

    async def reports(self) -> list:
        found = []
        last = (await self.bus.js.stream_info(REPORTS)).state.last_seq
        for sequence in range(1, last + 1):
            message = await self.bus.js.get_msg(REPORTS, sequence)
            found.append((message.headers.get("Nats-Msg-Id"), decode(Report, message.data)))
        return found

    async def kinds(self, number: int) -> list[str]:
        return [each.kind for _, each in await self.reports() if getattr(each, "task", "") == task(number)]

    async def printed(self, number: int, within: float = 60.0) -> None:
        async def there():
            return "TaskPrinted" in await self.kinds(number)

        await until(there, within, f"task {number} is printed")

    def papers(self) -> list[str]:
        return [path.name for path in sorted((self.folder / "paper").glob("*.pdf"), key=lambda path: path.stat().st_mtime)]


@pytest.fixture
async def site(tmp_path):
    async with running_bus(tmp_path) as rig:
        bus = await rig.connect(ADMIN)
        rig.issue(SN, agent_permissions("local", 0, TENANT, SN))
        await admin.ensure_consumer(bus.js, agent_consumer("local", 0, TENANT, SN))
        spooler = Spooler()
        await spooler.listen(bus)
        yield Site(rig, bus, spooler, tmp_path)


async def ready(service) -> bool:
    return not await service.problems()


async def test_orders_are_printed_in_the_order_of_the_stream_and_reported_once(site):
    await site.publish(*(order(number) for number in range(1, 31)))
    async with site.agent() as agent:
        await until(lambda: ready(agent))
        await site.printed(30)
        journal = site.spooler.asked[0].journal
        told = [(message_id, each) for message_id, each in await site.reports() if each.kind != "DevicesReported"]
        ids = [message_id.partition(":") for message_id, _ in told]
        assert {name for name, _, _ in ids} == {journal}
        assert len(set(ids)) == len(ids), "each row of the journal is told once"
        printed = [(int(row), each.task) for (_, _, row), (_, each) in zip(ids, told, strict=True) if each.kind == "TaskPrinted"]
        assert [each for _, each in printed] == [task(number) for number in range(1, 31)]
        assert sorted(printed) == printed
    assert site.papers() == [f"{task(number)}.pdf" for number in range(1, 31)]


async def test_devices_are_reported_at_the_start(site):
    async with site.agent() as agent:
        await until(lambda: ready(agent))

        async def told():
            return [each for _, each in await site.reports() if isinstance(each, DevicesReported)]

        devices = (await until(told))[0].devices
    assert [(each.name, each.id) for each in devices] == [("Paper", device_id(SN, "Paper"))]


async def test_devices_that_stay_as_they_are_are_not_reported_again(site, tmp_path):
    async with private_cupsd() as cupsd:
        paper = await cupsd.add_paper("Queue")
        async with site.agent(printers=(f"cups://{cupsd.server}",)) as agent:
            await until(lambda: ready(agent))
            await site.publish(order(1, printer="Queue"))
            await until(paper.ended)
            await site.printed(1)
            await site.publish(order(2, printer="Queue"))
            await site.printed(2)
            told = [each for _, each in await site.reports() if isinstance(each, DevicesReported)]
        assert all(one.devices != next_one.devices for one, next_one in pairwise(told))


async def test_orders_up_to_the_sequence_of_the_admission_are_acknowledged_unread(site):
    await site.publish(order(1), order(2), order(3))
    site.spooler.answer = Admitted(sequence=await site.last() - 1)
    async with site.agent():
        await site.printed(3)

        async def acknowledged():
            return (await site.bus.js.consumer_info(PRINT, f"agent_{SN}")).ack_floor.stream_seq == await site.last()

        await until(acknowledged)
    assert site.papers() == [f"{task(3)}.pdf"]


async def test_a_restarted_agent_asks_with_the_same_journal_and_prints_nothing_twice(site):
    await site.publish(order(1), order(2))
    async with site.agent():
        await site.printed(2)
    async with site.agent() as agent:  # its consumer is reset: unacknowledged messages come again
        await until(lambda: ready(agent))
        await site.publish(order(1), order(3))
        await site.printed(3)
    assert len({each.journal for each in site.spooler.asked}) == 1
    assert site.papers() == [f"{task(1)}.pdf", f"{task(2)}.pdf", f"{task(3)}.pdf"]


async def test_of_an_order_that_comes_once_more_nothing_is_printed_and_what_became_of_it_is_told_again(site):
    await site.publish(order(1), order(2))
    async with site.agent():
        await site.printed(2)
        for each in (order(1), order(2), withdrawal(3), order(3)):
            await site.bus.publish(each, stream=PRINT, message_id=f"{each.id} again")
        await site.publish(order(4))
        await site.printed(4)
        every = [each for _, each in await site.reports() if isinstance(each, TaskReport)]
        told = {number: [each for each in every if each.task == task(number)] for number in (1, 2, 3)}
    for number in (1, 2):
        first, again = [each for each in told[number] if each.kind == "TaskPrinted"]
        assert again == first, "the report of its end, as it was"
    assert [each.kind for each in told[3]] == ["TaskWithdrawn", "TaskWithdrawn"]
    assert site.papers() == [f"{task(number)}.pdf" for number in (1, 2, 4)]


async def test_a_refused_agent_touches_nothing_says_so_and_asks_again(site):
    await site.publish(order(1))
    site.spooler.answer = Refusal(code=Code.CONFLICT, message="Another process prints for the agent.")
    async with site.agent() as agent:
        await until(lambda: len(site.spooler.asked) > 1)
        assert "Another process prints" in (await agent.problems())["orders"]
        assert not site.spooler.beats
        assert (await site.bus.js.consumer_info(PRINT, f"agent_{SN}")).delivered.consumer_seq == 0
        site.spooler.answer = Admitted(sequence=0)
        await site.printed(1)
    assert site.spooler.beats


async def test_an_agent_that_nobody_admits_prints_what_its_journal_holds(site):
    (site.folder / "paper").write_text("in the way")
    async with site.agent():
        await site.publish(order(1))
        await until(lambda: _has(site, 1, "TaskTaken"))
    (site.folder / "paper").unlink()
    site.spooler.answer = None
    async with site.agent():
        await site.printed(1)
        await site.publish(order(2))
        assert await site.kinds(2) == []
        site.spooler.answer = Admitted(sequence=0)
        await site.printed(2)


async def _has(site, number, kind) -> bool:
    return kind in await site.kinds(number)


async def test_a_journal_that_was_replaced_meanwhile_prints_nothing_of_what_it_holds(site):
    (site.folder / "paper").write_text("in the way")
    async with site.agent():
        await site.publish(order(1))
        await until(lambda: _has(site, 1, "TaskTaken"))
    (site.folder / "paper").unlink()
    site.spooler.answer = Admitted(sequence=await site.last())
    async with site.agent() as agent:
        await until(lambda: ready(agent))
        await until(lambda: _has(site, 1, "TaskWithdrawn"))  # whoever counts on it would wait for ever
        await site.publish(order(1, attempt=2))
        await until(lambda: _has(site, 1, "TaskPrinted"))
    assert site.papers() == [f"{task(1)}.2.pdf"]


async def test_a_stream_of_orders_that_is_made_anew_brings_new_orders_and_takes_none_away(site):
    """Its numbers begin behind all that an agent leaves unread, so that neither is what it is sent now."""
    await site.publish(order(1), order(2))
    site.spooler.answer = Admitted(sequence=await site.last())
    async with site.agent() as agent:
        await until(lambda: ready(agent))
        await site.bus.js.delete_stream(PRINT)
        await admin.provision(site.bus, "local")
        await admin.ensure_consumer(site.bus.js, agent_consumer("local", 0, TENANT, SN))
        await site.publish(order(3))
        await site.printed(3)
    assert site.papers() == [f"{task(3)}.pdf"]


async def test_an_agent_without_a_bus_prints_its_journal_and_joins_when_there_is_one(site):
    (site.folder / "paper").write_text("in the way")
    async with site.agent():
        await site.publish(order(1))
        await until(lambda: _has(site, 1, "TaskTaken"))
    (site.folder / "paper").unlink()
    await site.rig.server.stop()
    async with site.agent() as agent:
        await until(site.papers)
        assert "orders" in await agent.problems()
        await site.rig.server.start()
        await until(lambda: ready(agent))
        await site.printed(1)


async def test_an_agent_goes_on_after_its_line_was_cut(site):
    async with site.agent() as agent:
        await until(lambda: ready(agent))
        await site.publish(order(1))
        await site.printed(1)
        await site.rig.server.stop()
        await site.rig.server.start()
        await until(lambda: site.bus.connected)
        await site.publish(*(order(number) for number in range(2, 6)))
        await site.printed(5)
        assert agent.metrics.get_sample_value("agent_bus_reconnects_total") >= 1
        assert agent.metrics.get_sample_value("agent_pages_printed_total", {"printer": "Paper", "driver": "file"}) == 5
    assert site.papers() == [f"{task(number)}.pdf" for number in range(1, 6)]


async def test_a_message_that_is_no_order_holds_up_nobody(site):
    async with site.agent():
        await site.bus.js.publish(order(1).subject, b'{"kind":"PrintDocument","task":5}', stream=PRINT)
        await site.publish(withdrawal(1), order(2))
        await site.printed(2)
        assert await site.kinds(1) == ["TaskWithdrawn"]


async def test_a_leaving_agent_says_so(site):
    async with site.agent():
        await until(lambda: site.spooler.beats)
    assert site.spooler.beats[-1].leaving


async def test_a_wrong_printer_stops_the_start(site):
    with pytest.raises(SettingsError, match=r"PRINTBUS_PRINTERS is wrong: there is no driver for gopher://"):
        await start(
            Service("agent", Tracing("agent"), 1),
            read(AgentSettings, data_dir=site.folder, sn=SN, printers=("gopher://x?name=A",)),
        )


async def test_an_order_that_is_taken_is_in_the_journal_before_it_is_acknowledged(site):
    async with site.agent():
        await asyncio.gather(*(site.publish(order(number)) for number in range(1, 4)))
        await site.printed(3)
        told = {each.kind for _, each in await site.reports()}
        assert told - {"TaskTaken"} == {"DevicesReported", "TaskPrinted"}, "that it was taken goes without saying then"
