import asyncio
import hashlib
from contextlib import asynccontextmanager

import httpx
import pytest

from libs.contracts.documents import Stored
from services.agent import documents as documents_module
from services.agent.documents import Documents, MissingError
from tests.agent.orders import order
from tests.waiting import turns, until

DATA = b"%PDF-1.4 " + bytes(range(256)) * 4096


def stored(data: bytes = DATA, **given) -> Stored:
    return Stored(**{"name": "acme/x/printable", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), **given})


class Store:
    """A document store over HTTP that gives what it is told to give."""

    def __init__(self, *answers: bytes | int) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, content=answer)


@asynccontextmanager
async def documents(folder, store, budget=10**9, **given):
    async def locate(_order):
        return "http://store.test/documents/token"

    async with httpx.AsyncClient(transport=httpx.MockTransport(store)) as client:
        yield Documents(folder / "documents", locate, budget, client, **given)


def soon() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def test_an_inline_document_needs_nothing(tmp_path):
    async with documents(tmp_path, Store(500)) as kept:
        assert await (await kept.fetch(order(1, data=b"bytes"), soon())).read() == b"bytes"


async def test_a_stored_document_is_fetched_verified_and_dropped(tmp_path):
    async with documents(tmp_path, Store(DATA)) as kept:
        content = await kept.fetch(order(1, content=stored()), soon())
        assert b"".join([piece async for piece in content.pieces()]) == DATA
        assert content.path.exists()
        await kept.drop(order(1))
        assert not list((tmp_path / "documents").iterdir())


async def test_a_store_that_does_not_answer_is_asked_again(tmp_path):
    async with documents(tmp_path, store := Store(503, 404, DATA)) as kept:
        assert await (await kept.fetch(order(1, content=stored()), soon())).read() == DATA
    assert store.asked == 3


@pytest.mark.parametrize("status", [404, 410])
async def test_a_document_that_stays_away_is_gone_and_holds_nobody_for_ever(tmp_path, status):
    async with documents(tmp_path, store := Store(503, status), gone_after=0.1) as kept:
        with pytest.raises(MissingError, match="not there any more"):
            await kept.fetch(order(1, content=stored()), soon())
    assert store.asked == 3, "it is said that it is gone, and for a while"


@pytest.mark.parametrize("waits", [True, False])
async def test_a_printer_that_waits_for_a_document_is_told_why(tmp_path, monkeypatch, waits):
    monkeypatch.setattr(documents_module, "_PAUSES", (0.0,))
    wanted, told = soon() if waits else asyncio.Event(), []
    async with documents(tmp_path, Store(*[503] * 6, DATA)) as kept:
        await kept.fetch(order(1, content=stored()), wanted, told.append)
    assert bool(told) is waits


@pytest.mark.parametrize("wrong", [DATA[:-1], DATA + b"!", b"!" + DATA[1:]])
async def test_a_document_that_is_not_the_one_that_was_ordered_is_refused_in_the_end(tmp_path, wrong):
    async with documents(tmp_path, store := Store(wrong)) as kept:
        with pytest.raises(MissingError, match="not the one that was ordered"):
            await kept.fetch(order(1, content=stored()), soon())
    assert store.asked == 3


async def test_what_was_fetched_before_a_restart_is_not_fetched_again(tmp_path):
    async with documents(tmp_path, Store(DATA)) as kept:
        await kept.fetch(order(1, content=stored()), soon())
        await kept.fetch(order(2, content=stored()), soon())
    async with documents(tmp_path, store := Store(500)) as kept:
        kept.sweep({f"{order(1).task}.1"})
        assert await (await kept.fetch(order(1, content=stored()), soon())).read() == DATA
        assert len(list((tmp_path / "documents").iterdir())) == 1
    assert store.asked == 0


async def test_fetching_ahead_keeps_to_its_budget_and_a_waiting_printer_does_not(tmp_path):
    async with documents(tmp_path, store := Store(DATA), budget=len(DATA)) as kept:
        await kept.fetch(order(1, content=stored()), asyncio.Event())
        wanted = asyncio.Event()
        second = asyncio.create_task(kept.fetch(order(2, content=stored()), wanted))
        third = asyncio.create_task(kept.fetch(order(3, content=stored()), asyncio.Event()))
        await turns()
        assert list(kept._held) == [f"{order(1).task}.1"]
        assert store.asked == 1
        wanted.set()
        await second
        assert not third.done()
        await kept.drop(order(1))
        await kept.drop(order(2))
        await until(third.done)
