"""P7: webhook deliveries per second, durable and logged."""

import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx

from bench.measure import Measure, at_least
from bench.processes import Processes, listening, processes
from bench.run import Run
from libs.contracts.devices import DeviceType
from libs.contracts.events import NewTask
from libs.contracts.ids import task_id
from libs.contracts.states import Stage, State, Status
from libs.contracts.streams import TASKS
from libs.contracts.tasks import TaskView
from libs.runtime.bus import Bus, connect, outgoing

#: Endpoints that hear, each one request at a time; those that are dead: half refuse, half never answer. Events per turn.
ENDPOINTS, DEAD, EVENTS = 16, 10, 250
#: About what an event's body has.
BODY = 900
#: Seconds without a further delivery after which the rest is held to be lost.
STALLED = 30.0
OURS, THEIRS, AMONG_DEAD = "delivered", "bare httpx loop", "delivered, with ten dead receivers more"
RATE, ITSELF = "deliveries per second, by a bare httpx loop's", "with ten dead receivers, by itself without"


async def take(run: Run) -> None:
    """The dispatcher with bus, registry and gateway; events are published as the spooler does, in one batch per turn."""
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(processes(run.folder / "ours", WEBHOOK_ALLOW_NETWORKS='["127.0.0.0/8"]'))
        await ours.start("registry", "gateway", "webhooks")
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        receiver = _Receiver(await _receiver(ours), http)
        live = [await _endpoint(ours, f"{receiver.url}/{number}") for number in range(ENDPOINTS)]
        for each in live:  # which says then that it wants events: who does not is told slowly
            await ours.call("testEndpoint", endpointId=each)
        dead = [await _endpoint(ours, url) for url in _dead(stack, ours)]
        await _enable(ours, dead, enabled=False)
        bus = await connect(ours.url, "spooler", ours.data / "keys" / "spooler.creds")
        stack.push_async_callback(bus.close)
        teller = _Teller(run, bus, (ours.data / "sn").read_text().strip(), receiver)

        async def alone(_: int) -> float:
            return await teller.tell()

        async def among_dead(_: int) -> float:
            await _enable(ours, dead, enabled=True)
            rate = await teller.tell()
            await _enable(ours, dead, enabled=False)
            return rate

        async def bare(_: int) -> float:
            return await _bare(receiver.url, ENDPOINTS * run.scale(EVENTS, 20))

        await alone(0)
        sides = {OURS: alone, THEIRS: bare, AMONG_DEAD: among_dead}
        await run.turns(dict.fromkeys(sides, "deliveries/s"), sides)
        run.checked(f"{teller.told} events at each of {len(live)} endpoints, by their ids", teller.wrong)
    run.note(
        f"{ENDPOINTS} endpoints of the dialect webprinter, which hear one event after the other, against {ENDPOINTS} requests at a "
        f"time; {DEAD // 2} of the dead refuse connections, {DEAD - DEAD // 2} take them and never answer."
    )
    run.compare(RATE, OURS, THEIRS)
    run.compare(ITSELF, AMONG_DEAD, OURS)


class _Receiver:
    """The receiver's process, asked."""

    def __init__(self, port: int, http: httpx.AsyncClient) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = http

    async def forget(self) -> None:
        await self._http.delete(f"{self.url}/")

    async def count(self) -> int:
        return int((await self._http.get(f"{self.url}/count")).text)

    async def told(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = (await self._http.get(f"{self.url}/told")).json()
        return found


class _Teller:
    """Publishes events and waits until all endpoints have heard them."""

    def __init__(self, run: Run, bus: Bus, sn: str, receiver: _Receiver) -> None:
        self._events = run.scale(EVENTS, 20)
        self._bus = bus
        self._sn = sn
        self._receiver = receiver
        self.told = 0
        self.wrong: list[str] = []

    async def tell(self) -> float:
        """Deliveries per second, from the first event's publishing to the last one's arrival."""
        await self._receiver.forget()
        batch = [outgoing(_news(self._sn, number)) for number in range(self.told, self.told + self._events)]
        self.told += self._events
        begun = time.perf_counter()
        await self._bus.publish_batch(TASKS, batch)
        ended = await self._heard(self._events * ENDPOINTS)
        self._judge([each.message_id for each in batch], await self._receiver.told())
        return self._events * ENDPOINTS / (ended - begun)

    async def _heard(self, wanted: int) -> float:
        seen, since = -1, time.perf_counter()
        while True:
            found = await self._receiver.count()
            if found > seen:
                seen, since = found, time.perf_counter()
            if seen >= wanted or time.perf_counter() - since > STALLED:
                return since
            await asyncio.sleep(0.05)

    def _judge(self, ids: Sequence[str], told: dict[str, list[str]]) -> None:
        if lost := sum(len(set(ids) - set(told.get(f"/{number}", []))) for number in range(ENDPOINTS)):
            self.wrong.append(f"{lost} deliveries are lost")
        if doubled := sum(len(heard) - len(set(heard)) for heard in told.values()):
            self.wrong.append(f"{doubled} deliveries came more than once")
        if not lost and not doubled and any(heard != list(ids) for heard in told.values()):
            self.wrong.append("an endpoint heard events in another order")


def _news(sn: str, number: int) -> NewTask:
    at = 1_700_000_000_000 + number
    view = TaskView(
        id=task_id(sn, at, 1, 0), name=f"Label {number}", tenant="main", sn=sn, version=1, stage=Stage.INCOMING,
        state=State.PENDING, reason="job-incoming", status=Status.SUBMITTED, message="", device="Paper",
        device_type=DeviceType.PRINTER, agent=sn, source="CLIENT_OPENAPI", from_os="linux", created_at=at,
    )  # fmt: skip
    return NewTask(region="local", task=view, at=at)


async def _receiver(ours: Processes) -> int:
    port = ours.port()
    ours.run("receiver", [sys.executable, "-m", "bench.peers.receiver", "--port", str(port)])
    await listening(port)
    return port


def _dead(stack: AsyncExitStack, ours: Processes) -> list[str]:
    """Addresses of nobody, and of somebody who never answers."""
    silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512)).getsockname()[1]
    ports = [ours.port() for _ in range(DEAD // 2)] + [silent] * (DEAD - DEAD // 2)
    return [f"http://127.0.0.1:{port}/dead/{number}" for number, port in enumerate(ports)]


async def _endpoint(ours: Processes, url: str) -> str:
    return str((await ours.call("addEndpoint", url=url, dialect="webprinter"))["endpointId"])


async def _enable(ours: Processes, endpoints: list[str], *, enabled: bool) -> None:
    for each in endpoints:
        await ours.call("updateEndpoint", endpointId=each, enabled=enabled)


async def _bare(url: str, count: int) -> float:
    told = ["--url", f"{url}/bare", "--count", str(count), "--concurrency", str(ENDPOINTS), "--bytes", str(BODY)]
    argv = [sys.executable, "-m", "bench.peers.httpxloop", *told]
    child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError("the bare loop failed")
    return float(said)


MEASURE = Measure(
    number="P7",
    title="webhook deliveries per second, durable and logged",
    against="a bare httpx loop with the same concurrency; and itself without dead receivers",
    expected=110,
    take=take,
    goals=(at_least(RATE, 0.5), at_least(ITSELF, 0.9)),
)
