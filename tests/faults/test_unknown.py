"""A6: killed past the point of no return, at a device that cannot tell: the outcome is unknown, shown, and its policy applied."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.integration.installation import installation
from tests.integration.receiver import receiving
from tests.printers import eve_printer
from tests.waiting import until

TEXT = '["text"]'


@asynccontextmanager
async def _sink() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A device on a port of loopback that takes bytes and says nothing."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}", came
    finally:
        server.close()


#: What becomes of it; the last one is printed by the start that is not killed any more.
POLICIES = {"ask": "PARTIAL_PRINTED", "give-up": "ERROR", "reprint": "FINISHED"}


@pytest.mark.timeout(180)
async def test_a_socket_printers_task_is_unknown_after_a_kill_past_releasing(tmp_path):
    async with _sink() as (uri, came), receiving() as receiver:
        printers = [f"{uri}?name={policy}&unknown={policy}" for policy in POLICIES]
        given = {"CALLBACK_URL": receiver.url, "CONVERTER_ENGINES": TEXT, "FINISH_GRACE": "0.1"}
        async with installation(tmp_path, printers, **given) as server:
            tasks: dict[str, str] = {}
            for policy in POLICIES:
                await server.start(CRASHPOINT="agent-after-releasing")
                await server.device(policy)
                tasks[policy] = await server.submit(policy, content=f"a label for who says {policy}")
                await server.died()
                assert not _whole(came)
            await server.start()
            await asyncio.gather(*(server.reaches(tasks[policy], status) for policy, status in POLICIES.items()))
            assert len(_whole(came)) == 1
            await until(lambda: receiver.of(tasks["ask"])[-1].endswith(">PARTIAL_PRINTED"), 20, "its callback says so")
            await receiver.ended(tasks["give-up"])
            await receiver.ended(tasks["reprint"])


def _whole(came: list[bytes]) -> list[bytes]:
    return [each for each in came if each.rstrip().endswith(b"%%EOF")]


@pytest.mark.timeout(180)
async def test_an_ipp_printers_task_is_followed_after_a_kill_as_long_as_the_printer_remembers_it(tmp_path):
    async with (
        eve_printer(tmp_path) as printer,
        receiving() as receiver,
        installation(tmp_path, [f"{printer.uri}?name=Office"], CALLBACK_URL=receiver.url, CONVERTER_ENGINES=TEXT) as server,
    ):
        await server.start(CRASHPOINT="agent-before-released")
        await server.device("Office")
        task = await server.submit("Office", content="once")
        await server.died()
        await server.start()
        await server.reaches(task, "FINISHED")
        await receiver.ended(task)
        assert [each.job_name for each in printer.documents()] == [f"{task}.1"]


@pytest.mark.timeout(180)
async def test_an_ipp_printer_that_forgot_its_jobs_leaves_the_task_unknown(tmp_path):
    async with (
        eve_printer(tmp_path) as printer,
        installation(tmp_path, [f"{printer.uri}?name=Office"], CONVERTER_ENGINES=TEXT) as server,
    ):
        await server.start(CRASHPOINT="agent-before-released")
        await server.device("Office")
        task = await server.submit("Office", content="once")
        await server.died()
        await printer.kill()
        await printer.start()
        await server.start()
        await server.reaches(task, "PARTIAL_PRINTED")
        assert len(printer.documents()) <= 1
