"""`newPrintTaskBatch`: an answer for each element in its order, one durable batch, and a bad element fails alone."""

import base64
import itertools

import pytest

from libs.contracts.documents import Inline, Stored
from libs.contracts.queries import LookUp
from libs.runtime.bus import NotStored, Unanswered
from services.gateway.webprinter.actions.batch import AT_ONCE, MOST
from services.gateway.webprinter.messages import BYTES, TASKS
from tests.gateway.fakes import SN, TOKEN, door
from tests.waiting import turns

TASK = {"mediaFormat": "TEXT", "content": "x"}


async def submit(rig, tasks, **more):
    return await rig.command("newPrintTaskBatch", {"tasks": tasks, **more})


def handed_over(rig):
    """All requests as they were published, in their order."""
    return [task for _, message in rig.bus.published for task in message.tasks]


async def test_each_element_is_answered_in_its_place(tmp_path):
    async with door(tmp_path) as rig:
        answer = await submit(rig, [{**TASK, "name": f"Task{n:03}"} for n in range(5)])
        assert list(answer) == ["success", "data", "command"]
        assert [list(each) for each in answer["data"]] == [["taskName", "success", "taskId"]] * 5
        assert [each["taskName"] for each in answer["data"]] == [f"Task{n:03}" for n in range(5)]
        assert all(each["success"] for each in answer["data"])
        ids = [each["taskId"] for each in answer["data"]]
        assert ids == sorted(set(ids))
        assert [task.id for task in handed_over(rig)] == ids
        assert {message.subject for _, message in rig.bus.published} == {f"intake.local.main.{SN}"}


async def test_no_tasks_are_no_work(tmp_path):
    async with door(tmp_path) as rig:
        assert await submit(rig, []) == {"success": True, "data": [], "command": "CALLBACK"}
        assert rig.bus.published == []


@pytest.mark.parametrize("tasks", [None, {}, "x", 7, True])
async def test_what_is_no_array_is_refused_as_a_whole(tmp_path, tasks):
    async with door(tmp_path) as rig:
        answer = await submit(rig, tasks)
        assert answer["success"] is False
        assert answer["message"].startswith("tasks ")
        assert str(MOST) in (await submit(rig, [None] * (MOST + 1)))["message"]


BAD = {
    "no object": (7, "tasks[1] must be an object"),
    "null": (None, "tasks[1] must be an object; it is null."),
    "an array": ([], "tasks[1] must be an object"),
    "no content": ({"name": "bad"}, "tasks[1].content is missing"),
    "copies": ({**TASK, "name": "bad", "config": {"copies": -1}}, "tasks[1].config.copies must be"),
    "no printer": ({**TASK, "name": "bad", "deviceName": "Nowhere"}, "tasks[1].deviceName: there is no printer 'Nowhere'"),
    "a scanner": ({**TASK, "name": "bad", "deviceType": "scanner"}, "tasks[1].deviceType must be printer"),
    "no upload": ({"name": "bad", "content": "unim://79gft24uh7uoxx"}, "tasks[1].content is not the address"),
    "a name that is none": ({**TASK, "name": {"a": 1}}, "tasks[1].name must be a text"),
}


@pytest.mark.parametrize(("bad", "words"), BAD.values(), ids=BAD.keys())
async def test_a_bad_element_fails_alone(tmp_path, bad, words):
    async with door(tmp_path) as rig:
        answer = await submit(rig, [TASK, bad, TASK])
        assert answer["success"] is True
        first, failed, last = answer["data"]
        assert first["success"]
        assert last["success"]
        assert list(failed) == ["taskName", "success", "message"]
        assert failed["success"] is False
        assert failed["message"].startswith(words)
        assert failed["taskName"] == (bad.get("name") if isinstance(bad, dict) and isinstance(bad.get("name"), str) else "")
        assert [task.id for task in handed_over(rig)] == [first["taskId"], last["taskId"]]


async def test_ten_thousand_tasks_are_one_batch_of_messages_of_many_tasks(tmp_path):
    async with door(tmp_path) as rig:
        tasks = [{**TASK, "content": f"number {n}", "deviceName": ("Office", "Label")[n % 2]} for n in range(10_000)]
        answer = await submit(rig, tasks)
        assert [each["success"] for each in answer["data"]] == [True] * 10_000
        assert [task.document.content.data for task in handed_over(rig)] == [b"number %d" % n for n in range(10_000)]
        ((batch,), sizes) = rig.bus.batches, [len(message.tasks) for _, message in rig.bus.published]
        assert len(set(batch)) == len(batch) == len(sizes)
        assert max(sizes) <= TASKS
        assert len(sizes) <= 10_000 / TASKS + 1


async def test_a_message_is_never_larger_than_the_bus_takes(tmp_path):
    async with door(tmp_path) as rig:
        await submit(rig, [{**TASK, "content": "x" * 8000} for _ in range(500)])
        sizes = [sum(len(task.document.content.data) for task in message.tasks) for _, message in rig.bus.published]
        assert sum(sizes) == 500 * 8000
        assert max(sizes) < BYTES


async def test_large_documents_go_into_the_store_each_under_its_task(tmp_path):
    async with door(tmp_path) as rig:
        contents = [b"%PDF-1.7 " + bytes([n]) * size for n, size in enumerate([10, 9000, 20, 300_000] * 6)]
        answer = await submit(rig, [{"content": base64.b64encode(each).decode()} for each in contents])
        tasks = handed_over(rig)
        assert [task.id for task in tasks] == [each["taskId"] for each in answer["data"]]
        for task, content in zip(tasks, contents, strict=True):
            found = task.document.content
            if len(content) < 8192:
                assert found == Inline(content)
            else:
                assert found.name == f"main/{task.id}/source"
                assert await rig.gateway.documents.get(found.name) == content


async def test_many_tasks_over_one_upload(tmp_path):
    async with door(tmp_path) as rig:
        files = {"file": ("面单.pdf", b"%PDF-1.7 x")}
        url = (await rig.client.post("/openapi/sendTmpFile", files=files, headers={"Api-Access-Token": TOKEN})).json()["file"][
            "url"
        ]
        looks = []
        size = rig.gateway.documents.size

        async def counted(name):
            looks.append(name)
            return await size(name)

        rig.gateway.documents.size = counted
        answer = await submit(rig, [{"mediaSource": "URL", "content": url}] * 300)
        assert {each["taskName"] for each in answer["data"]} == {"面单.pdf"}
        assert len({task.document.content for task in handed_over(rig)}) == 1
        assert isinstance(handed_over(rig)[0].document.content, Stored)
        assert len(looks) == 1


async def test_each_printer_is_looked_up_once(tmp_path):
    async with door(tmp_path) as rig:
        await submit(rig, [{**TASK, "deviceName": name} for name in ("Nowhere", "Office", "Label")] * 300)
        assert len([query for query in rig.bus.asked if isinstance(query, LookUp)]) == 1


@pytest.mark.parametrize("error", [NotStored("INTAKE refused a message: full"), Unanswered("INTAKE did not acknowledge")])
async def test_a_batch_that_could_not_be_stored_is_not_accepted(tmp_path, error):
    async with door(tmp_path) as rig:
        rig.bus.refusal = error
        answer = await rig.post({"command": "newPrintTaskBatch", "data": {"tasks": [TASK]}})
        assert answer.status_code == 503


async def test_a_repeat_under_a_key_gets_the_same_answer_and_hands_nothing_over_again(tmp_path):
    async with door(tmp_path) as rig:
        tasks = [TASK, {"name": "bad"}, {**TASK, "name": "three"}]
        first = await submit(rig, tasks, idempotencyKey="run 7")
        count = len(rig.bus.published)
        assert await submit(rig, tasks, idempotencyKey="run 7") == first
        assert len(rig.bus.published) == count
        assert (await submit(rig, tasks[:2], idempotencyKey="run 7"))["success"] is False
        assert (await submit(rig, tasks, idempotencyKey="run 8"))["data"][0]["taskId"] != first["data"][0]["taskId"]


async def test_a_repeat_after_a_crash_hands_the_same_batch_over_again(tmp_path):
    async with door(tmp_path) as rig:
        tasks = [{**TASK, "content": f"number {n}"} for n in range(450)]
        rig.bus.refusal = Unanswered("INTAKE did not acknowledge")
        for _ in range(2):
            answer = await rig.post({"command": "newPrintTaskBatch", "data": {"tasks": tasks, "idempotencyKey": "k"}})
            assert answer.status_code == 503
        rig.bus.refusal = None
        seen = [(await submit(rig, tasks, idempotencyKey="k"))["data"] for _ in range(2)]
        assert seen[0] == seen[1]
        assert len(rig.bus.batches) == 1


async def test_elements_have_keys_of_their_own(tmp_path):
    async with door(tmp_path) as rig:
        keyed = {**TASK, "idempotencyKey": "order 1"}
        first = (await submit(rig, [TASK, keyed, TASK]))["data"]
        again = (await submit(rig, [keyed, TASK, keyed]))["data"]
        assert again[0] == again[2] == first[1]
        assert again[1]["taskId"] not in [each["taskId"] for each in first]
        single = await rig.command("newPrintTask", {"task": keyed})
        assert single["data"]["taskId"] == first[1]["taskId"]
        other = (await submit(rig, [{**keyed, "content": "y"}, TASK]))["data"]
        assert other[0]["message"].startswith("tasks[0].idempotencyKey was used")
        assert other[1]["success"]
        ids = [task.id for task in handed_over(rig)]
        assert len(ids) == len(set(ids)) == 5


async def test_keys_of_elements_are_reserved_side_by_side_and_the_first_of_one_key_counts(tmp_path, monkeypatch):
    asking, most = 0, 0
    async with door(tmp_path) as rig:
        get = rig.bucket.get

        async def slowly(key):
            nonlocal asking, most
            asking += 1
            most = max(most, asking)
            await turns()
            asking -= 1
            return await get(key)

        monkeypatch.setattr(rig.bucket, "get", slowly)
        tasks = [{**TASK, "content": str(n), "idempotencyKey": f"order {n % 20}"} for n in range(40)]
        answer = (await submit(rig, tasks))["data"]
        assert 1 < most <= AT_ONCE
        assert [each["success"] for each in answer] == [True] * 20 + [False] * 20
        assert all("idempotencyKey was used for another submission" in each["message"] for each in answer[20:])
        ids = [each["taskId"] for each in answer[:20]]
        assert ids == sorted(ids)
        assert [task.id for task in handed_over(rig)] == ids


async def test_the_order_on_one_printer_is_that_of_the_array(tmp_path):
    async with door(tmp_path) as rig:
        tasks = [{**TASK, "content": "x" * size} for size in (10, 9000, 10, 100_000, 10)] * 100
        answer = await submit(rig, tasks)
        assert [task.id for task in handed_over(rig)] == [each["taskId"] for each in answer["data"]]
        assert all(one < two for one, two in itertools.pairwise(task.id for task in handed_over(rig)))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": "order 7"}, "order 7"),
        ({"name": 4711}, "4711"),
        ({"taskName": "older"}, "older"),
        ({"fileName": "a.txt"}, "a.txt"),
        ({"name": None}, ""),
        ({"name": {"a": 1}}, ""),
        ({"name": True}, ""),
    ],
)
async def test_a_task_that_is_refused_is_found_by_its_name(tmp_path, given, shown):
    async with door(tmp_path) as rig:
        (refused,) = (await submit(rig, [{**TASK, "config": {"copies": 0}, **given}]))["data"]
        assert (refused["taskName"], refused["success"]) == (shown, False)
