"""B13: the bus's disk is full, or INTAKE has all the bytes that it may: said, nothing half accepted, healed by room."""

import re
import time
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from libs.contracts.streams import INTAKE
from tests.faults.rig.cluster import cluster
from tests.faults.rig.disk import disk
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import Installation, Unavailable, installation
from tests.waiting import until

#: A publish is tried for 15 s: what was on its way when the bus fell silent is answered then.
LIMIT = 20.0
LARGE = "x" * 7000
MB = 1024 * 1024


@pytest.mark.row(13)
@pytest.mark.timeout(300)
async def test_row_13_a_full_disk_is_said_and_heals_by_itself(row, tmp_path):
    paper, room = tmp_path / "paper", 16 * MB
    given = {"CONVERTER_ENGINES": '["text"]', "MIN_FREE": str(room)}
    with disk(tmp_path / "data" / "nats" / "jetstream", 64) as small:
        async with installation(tmp_path, [f"file://{paper}?name=Paper"], **given) as server:
            await server.start()
            async with client([server.url], server.token, row.history("client")) as sender:
                await sender.submit("Paper", "before")
                await settled([sender], 60)

                # Nearly full: what was accepted has the rest.
                small.fill(room + MB)
                warned = await _gauge(server, "bus_disk_fill_ratio", 0.7)
                await sender.batch("Paper", [LARGE] * 100)
                small.fill(room // 2)
                await _until_refused(sender, server)
                refusal = await _refused(sender)
                assert set(await settled([sender], 90)) == {"FINISHED"}, "what was accepted goes on"

                # Full to the last byte, by somebody else, while tasks are on their way.
                small.clear()
                await sender.batch("Paper", [LARGE] * 100)
                small.fill(0)
                await _until_refused(sender, server)
                batch = await sender._post(_batch(50))
                assert batch.status_code == 503, batch.text
                await until(lambda: "Critical write error" in _bus_log(server), 60, "the bus itself has felt it", every=0.2)
                small.clear()
                begun = time.monotonic()
                await sender.submit("Paper", "after")
                healed = time.monotonic() - begun
                await server.ready()
                known = await until(lambda: _known(server), 60, "the lists answer again")
                assert not set(known) - set(sender.accepted), "nothing was half accepted"
                assert set(await settled([sender], 120)) == {"FINISHED"}, server.tail()
                assert sorted(note_folder(row.history("paper"), paper)) == sorted(sender.accepted)
                row.check()
                assert sender.longest <= LIMIT
    row.did(
        "The bus's files were on a tmpfs of 64 MB, with PRINTBUS_MIN_FREE at 16 MB. It was filled to 17 MB, then to 8 MB, while "
        "100 accepted tasks of 7 KB were printed; later to the last byte while 100 more were on their way, then emptied."
    )
    row.saw(
        f"The gauge bus_disk_fill_ratio told {warned:.2f} before anything was refused. With 8 MB left new tasks were answered "
        f"{refusal} and the accepted ones were printed. When nothing was left the bus's own streams failed: such a nats-server "
        f"stores nothing any more, even with room, so that the embedded server starts it again; {healed:.1f} s after there was "
        f"room a task was accepted. All {len(sender.accepted)} accepted tasks are on paper once, of what was refused nothing is "
        f"known, and no answer took longer than {sender.longest:.1f} s.",
        warned=round(warned, 3),
        healed=round(healed, 1),
        longest=round(sender.longest, 2),
    )


async def _known(server: Installation) -> dict[str, str]:
    """What the door tells of all tasks; nothing while it says that it cannot."""
    with suppress(Unavailable):
        return await server.statuses()
    return {}


def _bus_log(server: Installation) -> str:
    return (server.data / "nats" / "nats-server.log").read_text()


@pytest.mark.row(13)
@pytest.mark.timeout(240)
async def test_row_13_a_full_stream_is_said_and_makes_room_of_what_is_done(row, tmp_path):
    paper = tmp_path / "paper"
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server,
        cluster(server, 1) as bus,
    ):
        await server.start(NATS_URL=bus.url)
        admin = await bus.admin()
        try:
            async with client([server.url], server.token, row.history("client")) as sender:
                await sender.submit("Paper", "before")
                await settled([sender], 60)
                info = await admin.js.stream_info(INTAKE)
                most = info.state.bytes + 150_000
                await admin.js.update_stream(replace(info.config, max_bytes=most))
                taken = await _until_refused(sender, server)
                warned = await _gauge(server, "bus_stream_fill_ratio", 0.8, INTAKE)
                # The spooler purges what it has applied: there is room again without anybody's help.
                await sender.submit("Paper", "after")
                await server.ready()
                known = await server.statuses()
                assert not [task for task in known if task not in sender.accepted], "nothing was half accepted"
                assert set(await settled([sender], 90)) == {"FINISHED"}, server.tail()
                assert sorted(note_folder(row.history("paper"), paper)) == sorted(sender.accepted)
                row.check()
        finally:
            await admin.close()
        log = server.log.read_text()
        assert "the bus is nearly full" in log
        assert "intake relieved of what is applied" in log
        row.did(f"INTAKE was given {most} bytes (150 KB more than it had), and tasks of 7 KB were submitted until one was refused.")
        row.saw(
            f"{taken} were accepted, then 503 said that the store is full. The gauge told {warned:.2f} and the log warned; the "
            "spooler purged what it had applied long before its day was over, and tasks were accepted again without anybody's "
            "help.",
            warned=round(warned, 3),
            taken=taken,
        )


def _task(content: str) -> dict[str, str]:
    return {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": content}


def _batch(tasks: int) -> bytes:
    return httpx.Request(
        "POST", "http://x", json={"command": "newPrintTaskBatch", "data": {"tasks": [_task(LARGE)] * tasks}}
    ).content


async def _until_refused(sender: Client, server: Installation) -> int:
    """Submit large tasks until one is not accepted; how many were. It must be refused with its reason."""
    for number in range(2000):
        told = await sender._post(_one())
        assert told is not None
        if told.status_code != httpx.codes.OK:
            assert told.status_code == 503, told.text
            if "may still be done" in told.json()["message"]:  # on its way when the room ended: nobody can know
                continue
            assert "store is full" in told.json()["message"], told.text
            return number
        sender._accept(told.json()["data"]["taskId"], "", "Paper")
    raise AssertionError(f"2000 tasks were accepted\n{server.tail()}")


def _one() -> bytes:
    return httpx.Request("POST", "http://x", json={"command": "newPrintTask", "data": {"task": _task(LARGE)}}).content


async def _refused(sender: Client) -> str:
    """What one more task is answered."""
    told = await sender._post(_one())
    assert told is not None
    assert told.status_code == 503, told.text
    assert "retry-after" in told.headers
    assert "store is full" in told.json()["message"], told.text
    return f"503 ({told.json()['message']})"


async def _gauge(server: Installation, name: str, least: float, label: str = "") -> float:
    """Wait until a gauge tells at least so much."""

    async def told() -> float:
        async with httpx.AsyncClient(trust_env=False) as asking:
            text = (await asking.get(f"{server.url}/metrics")).text
        found = [float(value) for labels, value in re.findall(rf"^{name}(\S*) (\S+)$", text, re.MULTILINE) if label in labels]
        return max((value for value in found if value >= least), default=0.0)

    return await until(told, 30, f"{name} tells {least}", every=0.2)
