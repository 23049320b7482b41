"""B14: an operator deletes what the bus needs, and poison lies in the streams: made again, named, and done again by one call."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from nats.js.errors import NotFoundError

from libs.contracts.documents import Engine
from libs.contracts.ids import device_id
from libs.contracts.streams import BUCKETS, CONVERT, CONVERT_TRIES, INTAKE, PRINT, REPORTS, agent_consumer, consumers, streams
from libs.runtime.bus import Bus, Outgoing, connect
from libs.runtime.keys import ADMIN, Keys
from tests.faults.rig.apart import apart
from tests.faults.rig.cluster import cluster
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import ROOT, Installation, installation
from tests.waiting import until

pytestmark = [pytest.mark.row(14), pytest.mark.timeout(400)]

GARBAGE = b"\x00\xff{not a message"


async def test_row_14_what_an_operator_deletes_is_made_again_and_nothing_is_lost_or_printed_twice(row, tmp_path):
    paper = tmp_path / "paper"
    async with installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]', AUDIT_PERIOD="0.5") as server:
        await server.start()
        async with client([server.url], server.token, row.history("client")) as sender, _admin(server) as admin:
            await sender.submit("Paper", "before all")
            own = agent_consumer("local", 0, "main", server.sn)
            durables = [(spec.stream, spec.durable) for spec in (*consumers("local"), own)]
            async with submitting(sender):
                for stream, durable in durables:
                    await admin.js.delete_consumer(stream, durable)
                    await until(lambda s=stream, d=durable: _consumer(admin, s, d), 30, f"{durable} is there again", every=0.1)
            after_consumers = len(sender.accepted)
            names = [spec.name for spec in streams("local")] + [f"KV_{spec.name}" for spec in BUCKETS]
            async with submitting(sender):
                for name in names:
                    await _delete(admin, name)
            await server.ready()
            await server.device("Paper")
            last = await sender.submit("Paper", "after all")
            assert set(await settled([sender], 120)) == {"FINISHED"}, server.tail()
            assert last in note_folder(row.history("paper"), paper)
            row.check()
            row.did(
                f"While a client submitted without a pause, each of {len(durables)} durable consumers and then each of "
                f"{len(names)} streams and buckets of the running embedded server was deleted, one after the other."
            )
            row.saw(
                f"Each was made again within seconds and read on from where the databases were: all {len(sender.accepted)} "
                f"accepted tasks ({after_consumers} of them while consumers went) are on paper once. Gone with their streams are "
                "events that webhooks had not read yet, and keys: a repeat after the bucket of keys is deleted is a new task.",
                deleted=len(durables) + len(names),
                accepted=len(sender.accepted),
            )


async def test_row_14_poison_and_what_reached_its_last_delivery_are_dead_letters_with_their_cause_and_done_again(row, tmp_path):
    paper = tmp_path / "paper"
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]', AUDIT_PERIOD="0.5") as server,
        cluster(server, 1) as bus,
        apart(server, bus.url) as parts,
    ):
        parts.start_all()
        await server.ready(150)
        await server.device("Paper")
        admin = await bus.admin()
        try:
            async with client([server.url], server.token, row.history("client")) as sender:
                await parts.kill("converter")
                victim = await sender.submit("Paper", "its order is given up")
                tries = await _last_delivery(admin)
                assert await server.reaches(victim, "ERROR") == "ERROR"
                ends = {row_["taskId"]: row_ for row_ in await server.call("listTasks", extended=True)}
                assert f"given up after {CONVERT_TRIES} tries" in ends[victim]["message"]
                parts.start("converter")
                poisoned = await _poison(admin, server)
                await sender.submit("Paper", "behind the poison")
                assert await settled([sender], 90) == {"FINISHED": 1, "ERROR": 1}, server.tail()

                async def listed() -> list[dict[str, Any]]:
                    found = await _verb(server, bus.url, "dead", "list", "--json")
                    return found if len(found) >= len(poisoned) + 1 else []

                letters = await until(listed, 120, "all are dead letters", every=1.0)
                by_place = {(letter["stream"], letter["sequence"]): letter for letter in letters}
                for place in poisoned:
                    assert by_place[place]["cause"], "each says why"
                (order,) = [letter for letter in letters if letter["task"] == victim]
                assert (order["stream"], order["tries"]) == (CONVERT, tries)
                answer = await _verb(server, bus.url, "dead", "replay", CONVERT, str(order["sequence"]), "--json")
                (again,) = answer["tasks"]
                await server.reaches(again, "FINISHED", within=60)
                refused = await _verb(server, bus.url, "dead", "replay", INTAKE, str(dict(poisoned)[INTAKE]), "--json", fails=True)
                assert "still cannot be read" in refused
                printed = note_folder(row.history("paper"), paper)
                assert again in printed
                assert victim not in printed
                row.check()
                row.did(
                    f"An order was handed back unread {tries} times (its consumer's max_deliver); bytes that are no message were "
                    f"put into {', '.join(stream for stream, _ in poisoned)} and {PRINT}."
                )
                row.saw(
                    "The task of the order ended as ERROR and says why; the poisons in INTAKE and REPORTS became dead letters with "
                    "their cause, and held up nobody: a task behind them was printed. `python -m services dead replay CONVERT "
                    f"{order['sequence']}` printed the document as a new task; replaying what is no message is refused with "
                    "the reason."
                )
        finally:
            await admin.close()


@asynccontextmanager
async def submitting(sender: Client) -> AsyncIterator[None]:
    """One task after the other, under keys, while the block runs."""
    stop = asyncio.Event()

    async def lane() -> None:
        while not stop.is_set():
            await sender.submit("Paper", f"number {len(sender.accepted)}")
            await asyncio.sleep(0.1)  # the rate at which tasks come

    async with asyncio.TaskGroup() as group:
        group.create_task(lane())
        try:
            yield
        finally:
            stop.set()


@asynccontextmanager
async def _admin(server: Installation) -> AsyncIterator[Bus]:
    (ports,) = (server.data / "nats").glob("*.ports")
    admin = await connect(json.loads(ports.read_text())["nats"][0], ADMIN, Keys(server.data / "keys").path(f"{ADMIN}.creds"))
    try:
        yield admin
    finally:
        await admin.close()


async def _delete(admin: Bus, stream: str) -> None:
    """Delete a stream, and wait until somebody has made it again."""
    await admin.js.delete_stream(stream)

    async def there() -> bool:
        try:
            await admin.js.stream_info(stream)
        except NotFoundError:
            return False
        return True

    await until(there, 30, f"{stream} is there again", every=0.1)


async def _consumer(admin: Bus, stream: str, durable: str) -> bool:
    try:
        await admin.js.consumer_info(stream, durable)
    except NotFoundError:
        return False
    return True


async def _last_delivery(admin: Bus) -> int:
    """Play a converter that hands its order back until the consumer gives it up; how often."""
    pulling = await admin.js.pull_subscribe_bind(consumer=f"converter_{Engine.TEXT}", stream=CONVERT)
    tries = 0
    while tries < CONVERT_TRIES:
        for message in await pulling.fetch(1, timeout=20):
            tries = message.metadata.num_delivered
            await message.nak()
    with suppress(TimeoutError):  # the server says that it gives up when somebody asks for more
        await pulling.fetch(1, timeout=2)
    return tries


async def _poison(admin: Bus, server: Installation) -> list[tuple[str, int]]:
    """Bytes that are no message wherever services read; where each lies."""
    printer = device_id(server.sn, "Paper")
    places = {
        INTAKE: f"intake.local.main.{server.sn}",
        REPORTS: f"report.local.task.main.{server.sn}",
    }
    found: list[tuple[str, int]] = []
    for stream, subject in places.items():
        found.append((stream, (await admin.publish_raw(Outgoing(subject, GARBAGE, ""), stream=stream)).seq))
    # An agent that cannot read an order leaves it: it is nobody's, and those behind it are printed.
    await admin.publish_raw(Outgoing(f"order.print.local.0.main.{server.sn}.{printer}", GARBAGE, ""), stream=PRINT)
    return found


async def _verb(server: Installation, url: str, *words: str, fails: bool = False) -> Any:
    """What a verb writes for machines, or the sentence with which it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services",
        *words,
        cwd=ROOT,
        env=server.environment(NATS_URL=url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode != 0) == fails, (out, err)
    return err.decode() if fails else json.loads(out)
