"""Six separate processes against one nats-server do what the embedded server does."""

from pathlib import Path

import pytest

from tests.integration.documents import DOCUMENTS
from tests.integration.installation import installation
from tests.integration.paper import Sheets
from tests.integration.processes import SERVICES, processes
from tests.integration.receiver import receiving


@pytest.mark.timeout(300)
async def test_six_processes_print_what_one_does(tmp_path, database_url):
    paper: Path = tmp_path / "paper"
    kinds = ("HTML", "WORD", "TEXT", "PNG") if not database_url else ("TEXT",)  # engines know no database
    given = {"DATABASE_URL": database_url, "CONVERTER_ENGINES": '["text"]'} if database_url else {}
    async with (
        receiving() as receiver,
        installation(tmp_path, [f"file://{paper}?name=Paper"], CALLBACK_URL=receiver.url, **given) as server,
        processes(server) as running,
    ):
        for name in SERVICES:
            running.start(name)
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
        assert await running.end() == dict.fromkeys(SERVICES, 0), server.tail()
