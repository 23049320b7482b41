"""Ten thousand tasks in one call: a power cut right after the answer loses none, doubles none and keeps their order."""

import pytest

from tests.integration.installation import installation
from tests.waiting import until

TASKS = 10_000


@pytest.mark.timeout(600)
async def test_a_batch_of_ten_thousand_survives_a_kill_right_after_its_answer(tmp_path):
    paper = tmp_path / "paper"
    async with installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        await server.device("Paper")
        tasks = [{"deviceName": "Paper", "mediaFormat": "TEXT", "content": f"{number}"} for number in range(TASKS)]
        answer = await server.post("newPrintTaskBatch", {"tasks": tasks, "idempotencyKey": "run 1"})
        await server.kill()
        assert answer["success"], answer
        assert [list(each) for each in answer["data"][:2]] == [["taskName", "success", "taskId"]] * 2
        ids = [each["taskId"] for each in answer["data"] if each["success"]]
        assert len(set(ids)) == TASKS
        assert ids == sorted(ids)

        await server.start()
        assert (
            await server.post("newPrintTaskBatch", {"tasks": tasks, "idempotencyKey": "run 1"}) == answer
        )  # asked again: told again

        def printed() -> bool:
            return paper.exists() and len(list(paper.glob("*.pdf"))) >= TASKS

        try:
            await until(printed, 500, "all of them on paper", every=0.5)  # looking costs what the server needs
        except AssertionError:
            raise AssertionError(f"{len(list(paper.glob('*.pdf')))} on paper\n{server.tail()}") from None
        files = sorted(paper.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        assert [path.stem for path in files if path.suffix == ".pdf"] == ids  # each once, in their order
        await server.reaches(ids[-1], "FINISHED")
        rows = await server.call("listTasks", limit=1000, statusList=["FINISHED"])
        assert len(rows) == 1000
        assert await server.call("listTasks", statusList=["ERROR", "CANCELED", "PARTIAL_PRINTED"]) == []
