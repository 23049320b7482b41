"""How full the bus is: told before it refuses, and relieved of what is applied."""

import asyncio
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from libs.runtime.bus import Away
from libs.runtime.ending import end
from services.spooler import fill as module
from services.spooler.fill import Fill
from tests.waiting import turns, until


class Streams:
    """A bus with streams so full, of 100 bytes each; `purged` is what was taken out of them."""

    def __init__(self, **full: int) -> None:
        self.full = full
        self.purged: list[tuple[str, int]] = []
        self.js = self

    async def line(self) -> None:
        return

    async def streams_info(self):
        return [
            SimpleNamespace(
                config=SimpleNamespace(name=name, max_bytes=limit),
                state=SimpleNamespace(bytes=used, messages=1, last_seq=used),
                cluster=None,
            )
            for name, (used, limit) in {**{name: (used, 100) for name, used in self.full.items()}, "KV_directory": (9, -1)}.items()
        ]

    async def consumer_info(self, _stream, _durable):
        return SimpleNamespace(num_pending=0, num_ack_pending=0, num_redelivered=0, ack_floor=None)

    async def purge_stream(self, stream, seq):
        self.purged.append((stream, seq))


class Nothing:
    """A database whose only answer is patched in."""

    def reading(self):
        return self

    async def __aenter__(self):
        return None

    async def __aexit__(self, *_):
        return


@pytest.fixture
def looking(tmp_path, monkeypatch):
    async def applied(_connection, _stream):
        return 41

    monkeypatch.setattr(module.store, "applied", applied)

    def made(bus):
        metrics = CollectorRegistry()
        return Fill(bus, Nothing(), "local", tmp_path / "elsewhere", metrics), metrics

    return made


async def test_a_stream_that_fills_is_told_once_and_when_it_has_room_again(looking):
    bus = Streams(PRINT=85, TASKS=10, DEAD=100)
    fill, metrics = looking(bus)
    with capture_logs() as logs:
        await fill.look()
        await fill.look()
        bus.full["PRINT"] = 20
        await fill.look()
    assert [(line["event"].split(":")[0], line["what"]) for line in logs] == [
        ("the bus is nearly full", "PRINT"),
        ("the bus has room again", "PRINT"),
    ]
    assert metrics.get_sample_value("bus_stream_fill_ratio", {"stream": "PRINT"}) == 0.2
    assert metrics.get_sample_value("bus_stream_fill_ratio", {"stream": "DEAD"}) is None, "it forgets its oldest by itself"
    assert bus.purged == []


async def test_a_bus_that_is_away_is_looked_at_again(looking):
    bus = Streams(PRINT=10)
    asked = []

    async def line():
        asked.append(1)
        raise Away("there is no connection")

    bus.line = line
    running = asyncio.create_task(looking(bus)[0].run())
    await until(lambda: asked)
    await turns()
    assert not running.done()
    await end(running)


async def test_intake_is_relieved_of_what_is_applied_when_it_is_nearly_full(looking):
    bus = Streams(INTAKE=79)
    fill, _ = looking(bus)
    await fill.look()
    assert bus.purged == []
    bus.full["INTAKE"] = 80
    await fill.look()
    assert bus.purged == [("INTAKE", 42)]
