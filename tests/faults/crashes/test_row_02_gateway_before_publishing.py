"""The gateway is killed when a document is in the store and its task is not on the bus; its client does not come back."""

import os
import time
from pathlib import Path

import httpx
import pytest

from tests.integration.installation import Installation, installation
from tests.waiting import until

#: Larger than what rides inside a message.
TEXT = "a line of text\n" * 2000
DAY = 86_400


def objects(server: Installation) -> dict[str, int]:
    """The objects of the document store by their names, with their sizes."""
    root = server.data / "documents"
    return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


def age(server: Installation, seconds: float) -> None:
    """Everything in the store is so much older."""
    for name in objects(server):
        path: Path = server.data / "documents" / name
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


async def swept(server: Installation) -> None:
    await until(lambda: not objects(server), 60, "the store is empty", every=0.1)


@pytest.mark.row(2)
@pytest.mark.timeout(180)
async def test_row_02_there_is_no_task_and_the_document_is_swept(row):
    paper = row.folder / "paper"
    async with installation(row.folder, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server:
        await server.start(CRASHPOINT="gateway-after-document")
        await server.device("Paper")
        with pytest.raises(httpx.TransportError):
            await server.submit("Paper", content=TEXT)
        await server.died()
        left = objects(server)
        assert list(left.values()) == [len(TEXT)]
        await server.start()
        assert await server.statuses() == {}
        neighbour = await server.submit("Paper", content="afterwards")
        await server.reaches(neighbour, "FINISHED")
        assert objects(server) == left, "it is young: its task might still be on its way"
        assert [path.stem for path in paper.glob("*.pdf")] == [neighbour]
        await server.kill()
        age(server, DAY + 60)
        begun = time.monotonic()
        await server.start()
        await swept(server)
        took = time.monotonic() - begun
        assert list(await server.statuses()) == [neighbour]
    row.did(
        f"The gateway killed itself with a document of {len(TEXT):,} bytes in the store and its task not published; the client "
        "did not repeat it. Then the document was made a day older by its time in the file system, and a server started."
    )
    row.saw(
        "No task, nothing on paper, the next task unharmed. A young stray stays (its task might be on its way); one of a day "
        f"was gone {took:.0f} s after the start, and its bytes were free. The sweep comes every hour: at most 25 hours in all.",
        seconds=round(took, 1),
    )


@pytest.mark.row(2)
@pytest.mark.timeout(180)
async def test_row_02_documents_of_forgotten_tasks_do_not_stay_either(row):
    printers = [f"file://{row.folder}/paper?name=Paper"]
    async with installation(row.folder, printers, CONVERTER_ENGINES='["text"]', RETENTION="0.001") as server:
        await server.start(RETENTION="3600")
        await server.device("Paper")
        task = await server.submit("Paper", content=TEXT)
        await server.reaches(task, "FINISHED")
        await server.kill()
        assert objects(server)
        await server.start(ready=False, CRASHPOINT="spooler-after-forgotten")
        await server.died()
        left = objects(server)
        assert left, "the task is forgotten, its documents are there"
        age(server, DAY + 60)
        await server.start()
        await swept(server)
        assert await server.statuses() == {}
    row.did("The spooler killed itself after it had forgotten a task of long ago and before it deleted the task's documents.")
    row.saw(f"{len(left)} documents that no task named were swept like those of the gateway.")
