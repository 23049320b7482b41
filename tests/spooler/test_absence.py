"""What waited for a printer that was cut off is printed all, the newest of each name, or when somebody says so."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from libs.contracts.devices import Device, ResumePolicy
from libs.contracts.directory import BUCKET, DeviceEntry, PresenceEntry
from libs.contracts.message import encode
from libs.contracts.queries import ResumeDevice
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef
from services.spooler.absence import Absence
from tests.spooler.making import AGENT, request
from tests.spooler.working import stage
from tests.waiting import until

OWN = {"region": "local", "tenant": "main"}
NAMES = {policy: f"printer-{policy}" for policy in ResumePolicy}


class Directory:
    """The registry's, as far as it tells of these printers and of their agent."""

    def __init__(self, bucket):
        self._bucket = bucket

    async def printers(self):
        for policy, name in NAMES.items():
            entry = DeviceEntry(tenant="main", agent=AGENT, device=Device(id=name, name=name, resume=policy))
            await self._bucket.put(entry.key, encode(entry))

    async def presence(self, online):
        entry = PresenceEntry(agent=AGENT, online=online)
        await self._bucket.put(entry.key, encode(entry))


async def directory(world):
    made = Directory(await world.admin.js.key_value(BUCKET))
    await made.printers()
    await made.presence(True)
    return made


def wanted(number, policy, name):
    return request(number, name=name, printer=PrinterRef(agent=AGENT, id=NAMES[policy], name=NAMES[policy]))


@pytest.fixture
def looks(monkeypatch):
    """Who looks for printers that are cut off."""
    seen, look = [], Absence.look

    async def noted(self):
        await look(self)
        seen.append(self)

    monkeypatch.setattr(Absence, "look", noted)
    return seen


async def test_a_printer_whose_owner_wants_no_say_any_more_is_withheld_no_longer():
    cut_off = DeviceEntry(tenant="main", agent=AGENT, device=Device(id="p1", name="p1", resume=ResumePolicy.ASK))
    choosy, looked_along = [(cut_off, True)], []
    desk = SimpleNamespace(printers=SimpleNamespace(fresh=True, choosy=lambda: choosy), withheld=set())

    async def commit(_change):
        looked_along.append(set(desk.withheld))

    absence = Absence(desk, commit, 0.0)
    await absence.look()
    assert (desk.withheld, looked_along) == ({"p1"}, [])
    choosy.clear()  # all is to be printed, or the printer is gone
    await absence.look()
    assert (desk.withheld, looked_along) == (set(), [set()])


async def stages(world, tasks: Sequence) -> list[Stage]:
    return [(await world.shown(each.id)).stage for each in tasks]


@pytest.mark.parametrize("after", [0.0, 600.0])
async def test_a_printers_owner_says_what_is_printed_after_it_was_cut_off(tmp_path, looks, after):
    async with stage(tmp_path) as world:
        registry = await directory(world)
        async with world.spooler(cut_off_after=after) as spooler:
            await world.ready(spooler)
            await registry.presence(False)
            tasks = {
                policy: [wanted(10 * place + number, policy, name) for number, name in enumerate("aabab")]
                for place, policy in enumerate(ResumePolicy)
            }
            every = [task for each in tasks.values() for task in each]

            await until(lambda: not looks[-1]._desk.printers.online(AGENT), what="the directory says that the agent is away")
            await world.submit(*every)
            await world.convert(*every)
            orders = await world.agent_orders(5)
            assert {order.printer for order in orders} == {NAMES[ResumePolicy.ALL]}, "the others wait for what is decided"

            async def ready():
                return set(await stages(world, every)) == {Stage.FETCHABLE}

            await until(ready)
            await until(lambda: len(looks[-1]._since) == 2, what="it is noticed that they are cut off")
            await registry.presence(True)
            if not after:
                newest = tasks[ResumePolicy.NEWEST]
                sent = (await world.agent_orders(7))[5:]
                assert [order.task for order in sent] == [newest[3].id, newest[4].id], "the newest of each name, in their order"
                assert await stages(world, newest) == [Stage.CANCELED] * 3 + [Stage.FETCHABLE] * 2
                assert "newer one" in (await world.shown(newest[0].id)).message

                async def asked():
                    return "resume it" in (await world.shown(tasks[ResumePolicy.ASK][0].id)).message

                await until(asked)
                line = {**OWN, "agent": AGENT, "printer": NAMES[ResumePolicy.ASK]}
                assert (await world.shown(tasks[ResumePolicy.ASK][0].id)).reason == "job-release-wait"
                await world.admin.ask(ResumeDevice(**line), timeout=5)
            asked_for = [order.task for order in await world.agent_orders(12 if not after else 15)]
            at_last = tasks[ResumePolicy.ASK]
            assert [each for each in asked_for if each in {task.id for task in at_last}] == [task.id for task in at_last]
            assert {(await world.shown(task.id)).message for task in at_last} == {f"It waits for the agent {AGENT} to take it."}
