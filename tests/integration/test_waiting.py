"""Waiting and going on, with a real agent and a file printer: paused lines, held tasks, scheduled ones, printing again."""

import time

import pytest

from tests.integration.installation import installation
from tests.integration.paper import Sheets
from tests.waiting import until


@pytest.mark.timeout(240)
async def test_a_paused_printer_stops_and_goes_on_in_order(tmp_path):
    paper = tmp_path / "paper"
    async with installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        await server.device("Paper")
        tasks = [await server.submit("Paper", content=f"page {number}") for number in range(60)]
        await until(lambda: len(list(paper.glob("*.pdf"))) >= 5, 60, "the first are on paper")
        paused = await server.call("pauseDevice", deviceName="Paper")
        assert paused["paused"]

        async def quiet() -> bool:
            (device,) = [each for each in await server.call("listDevices", extended=True) if each["name"] == "Paper"]
            rows = await server.call("listTasks", limit=1000, extended=True)
            converted = all(row["status"] not in ("SUBMITTED", "PRINTING", "PRINTED") for row in rows)
            return converted and device["queue"]["sent"] == 0 and "PAUSED" in device["states"]

        await until(quiet, 60, "nothing is with the agent")
        printed = len(list(paper.glob("*.pdf")))
        assert 5 <= printed < len(tasks)
        waiting = [row for row in await server.call("listTasks", limit=1000, extended=True) if row["status"] == "QUEUED"]
        assert len(waiting) == len(tasks) - printed
        assert {row["message"] for row in waiting} == {"Paper is paused."}
        await server.kill()
        await server.start()
        assert len(list(paper.glob("*.pdf"))) == printed
        await server.call("resumeDevice", deviceName="Paper")
        await until(lambda: len(list(paper.glob("*.pdf"))) == len(tasks), 60, "all are on paper")
        sheets = sorted(paper.glob("*.pdf"), key=lambda path: path.stat().st_mtime_ns)
        assert [sheet.stem for sheet in sheets] == tasks


@pytest.mark.timeout(240)
async def test_held_scheduled_and_repeated_tasks_come_out_as_they_were_asked_for(tmp_path):
    paper = tmp_path / "paper"
    async with installation(
        tmp_path, [f"file://{paper}?name=Paper", f"file://{tmp_path}/other?name=Other"], CONVERTER_ENGINES='["text", "html", "pdf"]'
    ) as server:
        await server.start()
        await server.device("Paper")
        (virtual,) = [each for each in await server.call("listDevices", extended=True) if each["virtual"]]
        held = await server.submit(virtual["name"], content="collect me", config={"paperConfig": {"width": 148, "height": 210}})
        later = await server.submit("Paper", content="later", startAt=int(time.time() * 1000) + 5_000)

        async def rendered() -> list[str]:
            return [row["taskId"] for row in await server.call("listHeldTasks")]

        assert await until(rendered, what="the held task is rendered") == [held]
        assert list(paper.glob("*.pdf")) == []
        wrong = await server.post("releaseTask", {"taskId": held, "deviceName": virtual["name"]})
        assert "prints nothing by itself" in wrong["message"]
        released = await server.call("releaseTask", taskId=held, deviceName="Other", config={"pagesPerSheet": 2})
        assert released["deviceName"] == "Other"
        await server.reaches(held, "FINISHED", within=60)
        sheets = Sheets(tmp_path / "other" / f"{held}.pdf")
        assert "collect me" in sheets.words

        again = (await server.call("retryTask", taskId=held, deviceName="Paper", idempotencyKey="once more"))["taskId"]
        assert (await server.call("retryTask", taskId=held, deviceName="Paper", idempotencyKey="once more"))["taskId"] == again
        await server.reaches(again, "FINISHED", within=60)
        assert "collect me" in Sheets(paper / f"{again}.pdf").words
        assert (await server.call("getTask", taskId=again))["retryOf"] == held

        page = (await server.call("testPrint", deviceName="Paper"))["taskId"]
        await server.reaches(page, "FINISHED", within=60)
        test_page = Sheets(paper / f"{page}.pdf")
        assert (test_page.pages, test_page.is_of_size(210, 297)) == (1, True)
        for words in ("Test page of Paper", "打印测试页", server.sn):
            assert words in test_page.words

        shown = await server.call("getTask", taskId=later)
        assert shown["startAt"]
        await server.reaches(later, "FINISHED")
        assert (paper / f"{later}.pdf").stat().st_mtime * 1000 >= shown["startAt"]
        never = await server.submit("Paper", content="never", startAt=int(time.time() * 1000) + 86_400_000)
        assert (await server.call("cancelTask", taskId=never))["status"] == "CANCELED"
