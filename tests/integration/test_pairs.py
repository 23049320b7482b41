"""Each pair of source and format (webprinter.md 1.5) and PDF reaches FINISHED with the text, pages and size it was asked for."""

import pytest

from tests.integration.documents import DOCUMENTS, served
from tests.integration.installation import installation
from tests.integration.paper import Sheets
from tests.integration.receiver import receiving

PAIRS = [
    *((source, "HTML") for source in ("STRING", "URL")),
    *((source, kind) for kind in ("PNG", "JPG", "BMP", "WORD", "EXCEL", "PPT") for source in ("URL", "BASE64")),
    ("STRING", "TEXT"),
    ("URL", "PDF"),
    ("BASE64", "PDF"),
]
A5 = {"width": 148, "height": 210}


@pytest.mark.timeout(400)
async def test_every_pair_is_printed_as_its_ticket_asks(tmp_path):
    paper = tmp_path / "paper"
    async with (
        served() as (address, seen),
        receiving() as receiver,
        installation(
            tmp_path, [f"file://{paper}?name=Paper"], FETCH_ALLOW_NETWORKS='["127.0.0.0/8"]', CALLBACK_URL=receiver.url
        ) as server,
    ):
        await server.start()
        tasks = {}
        for source, kind in PAIRS:
            made = DOCUMENTS[kind]()
            content = {
                "STRING": made.data.decode() if source == "STRING" else "",
                "URL": f"{address}/{kind}",
                "BASE64": made.base64,
            }[source]
            headers = {"X-Ticket": "for the first address"} if source == "URL" else None
            task = await server.submit(
                "Paper",
                media_format=kind,
                source=source,
                content=content,
                headers=headers,
                config={"paperConfig": A5},
                name=f"{source}-{kind}",
            )
            tasks[task] = (source, kind, made)
        ended = await server.all_reach(list(tasks), "FINISHED", "ERROR", "CANCELED", within=200)
        problems = []
        for task, (source, kind, made) in tasks.items():
            if ended[task] != "FINISHED":
                problems.append((source, kind, ended[task]))
                continue
            sheets = Sheets(paper / f"{task}.pdf")
            right = sheets.is_of_size(148, 210) or (kind in ("EXCEL", "PPT", "PNG", "JPG", "BMP") and sheets.is_of_size(210, 148))
            if sheets.pages != made.pages or made.words not in sheets.words or not right:
                problems.append((source, kind, sheets.pages, sheets.sizes, sheets.words))
        assert not problems, f"{problems}\n{server.tail()}"
        assert len(list(paper.glob("*.pdf"))) == len(tasks)
        assert all(request.get("x-ticket") for request in seen)
        for task in tasks:
            assert (await receiver.ended(task))[-2].endswith(">FINISHED")
