"""kill -9 at any step, then a restart: every accepted task is on paper once, and its callbacks are complete and in order."""

import json

import psutil
import pytest

from libs.runtime.children import started_at
from tests.integration.installation import installation
from tests.integration.receiver import receiving
from tests.waiting import until

#: A point for each place where a kill hurts; `:n` is its n-th passing, so that the start's own passes are left behind.
POINTS = (
    "gateway-after-stored",
    "commit-before-saved:7",
    "commit-after-saved:7",
    "commit-after-saved:9",
    "outbox-after-published:2",
    "converter-before-engine",
    "converter-before-report",
    "agent-before-taken",
    "agent-after-taken",
    "agent-after-acknowledged",
    "agent-file-written",
    "agent-before-done",
    "agent-after-done",
    "agent-after-reported:2",
    "webhooks-before-ack:2",
    "webhooks-after-record:2",
)


#: The start after a kill is killed at the next point: what the one left behind is healed through the other.
CHAINS = [POINTS[:8], POINTS[8:]]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("points", CHAINS, ids=" ".join)
async def test_kills_at_any_step_one_after_the_other_neither_lose_nor_repeat(tmp_path, points):
    paper = tmp_path / "paper"
    async with (
        receiving() as receiver,
        installation(tmp_path, [f"file://{paper}?name=Paper"], CALLBACK_URL=receiver.url, CONVERTER_ENGINES='["text"]') as server,
    ):
        accepted: list[str] = []
        for point in points:
            await server.start(ready=False, CRASHPOINT=point)
            await until(server.lives_or_died, 60, f"it can be asked, or was killed at {point}")
            for number in range(8):
                try:
                    accepted.append(await server.submit("Paper", content=f"number {number}", name=f"{point} {number}"))
                except Exception:  # noqa: BLE001 - it died: this one was not accepted
                    break
            await server.died()
        await server.start()
        assert accepted, "each start died of what the one before had left, and nothing new was accepted"
        ended = await server.all_reach(accepted, "FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED")
        assert set(ended.values()) == {"FINISHED"}, server.tail()
        rows = await server.statuses()
        await server.all_reach(list(rows), "FINISHED")
        for task in rows:
            assert (await receiver.ended(task))[-2].endswith(">FINISHED")
        printed = sorted(path.name for path in paper.glob("*.pdf"))
        assert printed == sorted(f"{task}.pdf" for task in rows)
        assert await server.stop() == 0


async def test_nothing_of_a_killed_server_is_left_after_the_next_start(tmp_path):
    async with installation(tmp_path, [f"file://{tmp_path}/paper?name=Paper"], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        await server.kill()
        left = json.loads((server.data / "children.json").read_text())
        assert left
        await until(lambda: not [pid for pid, since in left.items() if _alive(pid) == since], 10, "its children died with it")
        await server.start()
        assert await server.stop() == 0
        await until(lambda: not _processes_of(server.data), 10, "nothing works on the data folder any more")


async def test_a_second_server_on_the_same_folder_is_refused_with_a_sentence(tmp_path):
    async with installation(tmp_path, [], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        second = server.run("services", HTTP_PORT="0")
        await until(lambda: second.poll() is not None, 20, "the second one ends")
        assert second.returncode == 1
        assert "Another server works on the data folder" in server.tail()


def _alive(pid: str) -> str:
    return started_at(int(pid))


def _processes_of(folder) -> list[str]:
    return [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
