"""Simulated agents, many in one process: they speak the agents' part of the bus and note each sheet in a file instead of printing.

python -m bench.agents --url nats://127.0.0.1:4222 --keys data/keys --printers 1000 --each 100 --sheets sheets.log [--hang 0]
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TextIO

import uvloop

from bench.stock import Fleet
from libs.contracts.agents import AdmitAgent, Admitted, Heartbeat
from libs.contracts.devices import Device
from libs.contracts.ids import device_id
from libs.contracts.message import decode
from libs.contracts.orders import AgentOrder, PrintDocument
from libs.contracts.permissions import agent_permissions
from libs.contracts.reports import DevicesReported, TaskPrinted, TaskPrinting, TaskReport, TaskSent, TaskTaken
from libs.contracts.streams import PRINT, REPORTS, agent_consumer
from libs.runtime.bus import Bus, Outgoing, connect, outgoing
from libs.runtime.keys import Keys
from libs.runtime.logs import configure
from libs.runtime.process import stop_signal
from libs.runtime.reader import Batch, OrderedReader

REGION, TENANT, SHARD = "local", "main", 0
BEAT = 2.0


class SimulatedAgent:
    """One agent. `hung` printers take what they are given and never print it."""

    def __init__(self, bus: Bus, sn: str, printers: dict[str, str], hung: set[str], sheets: TextIO) -> None:
        self._bus = bus
        self._who: dict[str, Any] = {"region": REGION, "tenant": TENANT, "agent": sn}
        self._journal = f"journal-{sn}"
        self._row = 0
        self._printers = printers
        self._hung = hung
        self._sheets = sheets
        self._admitted = Admitted(sequence=0)
        self.reader = OrderedReader(bus, PRINT, agent_consumer(REGION, SHARD, TENANT, sn).durable)

    async def begin(self) -> None:
        """Be admitted, and say which printers there are."""
        self._admitted = await self._bus.ask(AdmitAgent(**self._who, journal=self._journal), timeout=30)
        devices = tuple(Device(id=device, name=name) for device, name in self._printers.items())
        report = DevicesReported(**self._who, devices=devices, at=_now())
        await self._bus.publish(report, stream=REPORTS, message_id=f"{self._journal}:devices")

    async def beat(self) -> None:
        """Live, for ever."""
        while True:
            await self._bus.tell(Heartbeat(**self._who, journal=self._journal))
            await asyncio.sleep(BEAT)

    async def work(self) -> None:
        """Take orders in their order and tell what an agent tells of each."""
        async for batch in self.reader.batches():
            told = [self._told(report) for order in self._orders(batch) for report in self._printed(order)]
            for start in range(0, len(told), 500):
                await self._bus.publish_batch(REPORTS, told[start : start + 500])
            self._sheets.flush()
            await batch.ack()

    def _orders(self, batch: Batch) -> Iterator[PrintDocument]:
        for message in batch.messages:
            order = decode(AgentOrder, message.data) if message.sequence > self._admitted.sequence else None
            if isinstance(order, PrintDocument):
                yield order

    def _printed(self, order: PrintDocument) -> Iterator[TaskReport]:
        said: dict[str, Any] = {**self._who, "task": order.task, "attempt": order.attempt, "at": _now()}
        yield TaskTaken(**said)
        if order.printer in self._hung:
            return
        yield TaskPrinting(**said)
        yield TaskSent(**said, pages_done=1)
        self._sheets.write(f"{time.time():.6f} {order.task}\n")
        yield TaskPrinted(**said, pages_done=1)

    def _told(self, report: TaskReport) -> Outgoing:
        self._row += 1
        return outgoing(report, f"{self._journal}:{self._row}")


def _now() -> int:
    return int(time.time() * 1000)


async def serve(url: str, keys: Keys, fleet: Fleet, hung: int, sheets: TextIO) -> None:
    """All agents of the fleet until SIGTERM; says `there` when all of them are."""
    asked = stop_signal()
    async with AsyncExitStack() as stack:
        agents = []
        for first in range(0, fleet.printers, fleet.each):
            sn = fleet.agent(first)
            creds = keys.issue(sn, agent_permissions(REGION, SHARD, TENANT, sn))
            bus = await connect(url, sn, creds)
            stack.push_async_callback(bus.close)
            names = [fleet.name(number) for number in range(first, min(first + fleet.each, fleet.printers))]
            printers = {device_id(sn, name): name for name in names}
            hangs = {device_id(sn, fleet.name(hung))} if 0 <= hung - first < fleet.each else set()
            agents.append(SimulatedAgent(bus, sn, printers, hangs, sheets))
        await asyncio.gather(*(agent.begin() for agent in agents))
        working = [asyncio.create_task(body()) for agent in agents for body in (agent.beat, agent.work)]
        print("there", flush=True)
        await asyncio.wait([asyncio.create_task(asked.wait()), *working], return_when=asyncio.FIRST_COMPLETED)
        for each in working:
            if each.done():
                each.result()
            each.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--printers", type=int, required=True)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--sheets", type=Path, required=True)
    parser.add_argument("--hang", type=int, default=-1)
    given = parser.parse_args()
    configure("console", "warning")
    with given.sheets.open("a") as sheets:
        uvloop.run(serve(given.url, Keys(given.keys), Fleet(given.printers, given.each), given.hang, sheets))


if __name__ == "__main__":
    main()
