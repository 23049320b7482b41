"""Six separate processes against one nats-server do what the embedded server does."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from libs.runtime import children
from libs.runtime.natsserver import binary
from tests.integration.documents import DOCUMENTS
from tests.integration.installation import Installation, installation
from tests.integration.paper import Sheets
from tests.integration.receiver import receiving
from tests.waiting import until

SERVICES = ("registry", "spooler", "converter", "webhooks", "agent", "gateway")


async def _verb(server: Installation, **settings: str) -> None:
    process = server.run("services", "provision", **settings)
    assert await asyncio.to_thread(process.wait, 60) == 0, server.tail()


async def _nats(server: Installation) -> tuple[subprocess.Popen[bytes], str]:
    """The server that `provision` wrote a configuration for, on a free port."""
    config = server.data / "nats" / "nats-server.conf"
    text = await asyncio.to_thread(config.read_text)
    await asyncio.to_thread(config.write_text, text.replace("127.0.0.1:4222", "127.0.0.1:-1"))
    with server.log.open("ab") as output:
        process = children.start([binary(), "-c", str(config)], stdout=output, stderr=output)

    def listening() -> str:
        ports = list((server.data / "nats").glob("*.ports"))
        try:
            return str(json.loads(ports[0].read_text())["nats"][0]) if ports else ""
        except ValueError:
            return ""

    return process, await until(listening, 20, "nats-server listens")


@pytest.mark.timeout(300)
async def test_six_processes_print_what_one_does(tmp_path, database_url):
    paper: Path = tmp_path / "paper"
    kinds = ("HTML", "WORD", "TEXT", "PNG") if not database_url else ("TEXT",)  # engines know no database
    given = {"DATABASE_URL": database_url, "CONVERTER_ENGINES": '["text"]'} if database_url else {}
    processes: list[subprocess.Popen[bytes]] = []
    async with (
        receiving() as receiver,
        installation(tmp_path, [f"file://{paper}?name=Paper"], CALLBACK_URL=receiver.url, **given) as server,
    ):
        try:
            await _verb(server)
            nats, url = await _nats(server)
            processes.append(nats)
            await _verb(server, NATS_URL=url)
            processes += [server.run(f"services.{name}", NATS_URL=url) for name in SERVICES]
            await server.ready(120)
            await server.device("Paper")
            tasks = {}
            for kind in kinds:
                made = DOCUMENTS[kind]()
                source = "STRING" if kind in ("HTML", "TEXT") else "BASE64"
                content = made.data.decode() if source == "STRING" else made.base64
                tasks[await server.submit("Paper", media_format=kind, source=source, content=content)] = made
            for task, made in tasks.items():
                await server.reaches(task, "FINISHED", within=120)
                sheets = Sheets(paper / f"{task}.pdf")
                assert (sheets.pages, made.words in sheets.words) == (made.pages, True)
                await receiver.ended(task)
            for process in processes[:0:-1]:
                process.terminate()
            codes = [await asyncio.to_thread(process.wait, 30) for process in processes[1:]]
            assert codes == [0] * len(SERVICES), server.tail()
        finally:
            for process in processes:
                await asyncio.to_thread(children.stop, process, 5)
