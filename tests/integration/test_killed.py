"""What a server leaves behind that was killed, and what a second one on the same folder hears."""

import json

import psutil

from libs.runtime.children import started_at
from tests.integration.installation import installation
from tests.waiting import until


async def test_nothing_of_a_killed_server_is_left_after_the_next_start(tmp_path):
    async with installation(tmp_path, [f"file://{tmp_path}/paper?name=Paper"], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        await server.kill()
        left = json.loads((server.data / "children.json").read_text())
        assert left
        await until(lambda: not [pid for pid, since in left.items() if _alive(pid) == since], what="its children died with it")
        await server.start()
        assert await server.stop() == 0
        await until(lambda: not _processes_of(server.data), what="nothing works on the data folder any more")


async def test_a_second_server_on_the_same_folder_is_refused_with_a_sentence(tmp_path):
    async with installation(tmp_path, [], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        second = server.run("services", HTTP_PORT="0")
        await until(lambda: second.poll() is not None, what="the second one ends")
        assert second.returncode == 1
        assert "Another server works on the data folder" in server.tail()


def _alive(pid: str) -> str:
    return started_at(int(pid))


def _processes_of(folder) -> list[str]:
    return [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
