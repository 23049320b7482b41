"""The whole ticket through a whole server: marks by rule, sides by hand, raw bytes, receipts on a socket, and previews."""

import asyncio
import base64
import io

import pytest
from PIL import Image

from tests.converter.escpos import printed
from tests.converter.samples import pages, picture, read
from tests.integration.installation import installation

LOGO = base64.b64encode(picture("PNG", (300, 200), "red") + bytes(9000)).decode()


class Till:
    """A receipt printer on a socket: it takes everything and keeps it."""

    def __init__(self) -> None:
        self.jobs: list[bytes] = []

    async def taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if data := await reader.read(-1):
            self.jobs.append(data)
        writer.close()


@pytest.mark.timeout(240)
async def test_a_ticket_is_done_to_the_last_word(tmp_path):
    paper, till = tmp_path / "paper", Till()
    listening = await asyncio.start_server(till.taken, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    printers = [f"file://{paper}?name=Paper&raw=true", f"socket://127.0.0.1:{port}?name=Till&raster=escpos&width=384&grace=0.1"]
    async with listening, installation(tmp_path, printers, CONVERTER_ENGINES='["text", "pdf", "html", "raw"]') as server:
        await server.start()
        await server.device("Paper")
        await server.call("setRules", deviceName="Paper", header="rule of {device}")
        six = base64.b64encode(pages(*(f"p{number}" for number in range(1, 7)))).decode()
        config = {
            "paperConfig": {"width": 210, "height": 297},
            "pageRanges": "1-5",
            "repeats": 2,
            "pagesPerSheet": 2,
            "oddEven": "ODD",
            "reverse": True,
            "scale": "FIT",
            "footer": {"left": "{page}/{pages}", "right": {"image": LOGO}},
            "watermark": "COPY",
        }
        task = await server.submit("Paper", media_format="PDF", source="BASE64", content=six, config=config)
        await server.reaches(task, "FINISHED")
        sides = read(paper / f"{task}.pdf")
        assert [sorted(text.split()) for text in sides.texts] == [
            sorted([*cells, "rule", "of", "Paper", f"{number}/3", "COPY"]) for cells, number in ((["p5"], 3), (["p1", "p2"], 1)) * 2
        ]
        shown = await server.call("previewTask", taskId=task, page=2, dpi=40)
        assert (shown["pages"], shown["width"]) == (4, 468)
        assert Image.open(io.BytesIO(base64.b64decode(shown["image"]))).size == (shown["width"], shown["height"])

        before = await server.call(
            "previewTask", task={"deviceName": "Till", "mediaFormat": "HTML", "mediaSource": "STRING", "content": "<h1>Tea 12.00"}
        )
        assert before["width"] == 384
        receipt = await server.submit("Till", media_format="HTML", content="<h1>Tea 12.00", config={"cut": "FULL", "drawer": True})
        await server.reaches(receipt, "FINISHED")
        (job,) = till.jobs
        assert printed(job).events == ["reset", "raster", "drawer", "feed 6", "full"]
        assert printed(job).width == 384
        assert len(printed(job).rows) == before["height"]

        label = await server.submit("Till", media_format="ZPL", content="^XA^FDx^FS^XZ", config={"copies": 2})
        await server.reaches(label, "FINISHED")
        assert till.jobs[1] == b"^XA^FDx^FS^XZ" * 2
        refused = await server.post(
            "newPrintTask", {"task": {"deviceName": "Paper", "content": "<p>x", "config": {"tray": "cellar"}}}
        )
        assert "task.config.tray cannot be chosen" in refused["message"]
        unseen = await server.post("previewTask", {"taskId": label})
        assert "only its printer understands it" in unseen["message"]
