"""Each call of a session is executed once, however often it is sent."""

import asyncio
import json

from services.gateway.webapi import calls as module
from services.gateway.webapi import frames
from services.gateway.webapi.calls import REMEMBERED_FOR, Calls


class Work:
    """Counts what is executed; a command that is held ends when it is let go."""

    def __init__(self):
        self.done = []
        self.running = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.now = 0.0
        self.busy = False

    async def __call__(self, asked):
        self.running.append(asked.data)
        await self.hold.wait()
        self.done.append((asked.command, asked.data, asked.key))
        if self.busy:
            return {"success": False, "message": "Not now.", "command": "CALLBACK", "retry": True}
        return {"success": True, "data": {"nth": len(self.done)}, "command": "CALLBACK"}

    def calls(self):
        return Calls(self, lambda: self.now)


def request(number, command="newPrintTask", data=None, key=None):
    return frames.request(frames.frame({"id": number, "command": command, "data": data, "key": key}))


async def nth(answer):
    return json.loads(await answer)["data"]["nth"]


async def test_a_call_that_is_sent_again_gets_the_same_answer_for_ten_minutes():
    work = Work()
    calls = work.calls()
    assert await nth(calls.call(request("a", key="k"))) == 1
    work.now = REMEMBERED_FOR - 1
    assert await nth(calls.call(request("a", key="k"))) == 1
    work.now = REMEMBERED_FOR + 1
    assert await nth(calls.call(request("a", key="k"))) == 2
    assert work.done == [("newPrintTask", None, "k")] * 2


async def test_an_answer_that_says_not_now_is_not_kept():
    work = Work()
    busy = {"success": False, "message": "Later.", "command": "CALLBACK", "retry": True}
    answers = iter([busy, {"success": True, "command": "CALLBACK"}])

    async def execute(asked):
        work.done.append(asked.key)
        return next(answers)

    calls = Calls(execute, lambda: work.now)
    assert json.loads(await calls.call(request("a", key="k")))["retry"] is True
    assert json.loads(await calls.call(request("a", key="k")))["success"] is True
    assert work.done == ["k", "k"]


async def test_a_call_that_runs_is_not_begun_again():
    work = Work()
    calls = work.calls()
    work.hold.clear()
    first, second = calls.call(request("a")), calls.call(request("a"))
    assert calls.running == 1
    work.hold.set()
    assert [await nth(first), await nth(second)] == [1, 1]
    assert len(work.done) == 1


async def test_ids_of_text_and_of_number_are_different():
    work = Work()
    calls = work.calls()
    assert [await nth(calls.call(request(7))), await nth(calls.call(request("7")))] == [1, 2]
    assert (await calls.call(request(7))).startswith('{"id":7,"success":true')


async def test_another_call_with_a_known_id_is_refused():
    work = Work()
    calls = work.calls()
    await calls.call(request("a", data={"task": 1}))
    answer = json.loads(await calls.call(request("a", data={"task": 2})))
    assert (answer["id"], answer["success"]) == ("a", False)
    assert answer["message"].startswith("id:")


async def test_print_calls_are_done_in_their_order_and_questions_beside_them():
    work = Work()
    calls = work.calls()
    work.hold.clear()
    answers = [calls.call(request(number, data=number)) for number in range(5)]
    question = calls.call(request("q", "listDevices", "question"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert work.running == [0, "question"]
    work.hold.set()
    await asyncio.gather(*answers, question)
    assert [data for command, data, _ in work.done if command == "newPrintTask"] == [0, 1, 2, 3, 4]


async def test_a_question_is_asked_again_so_that_nothing_large_is_kept():
    work = Work()
    calls = work.calls()
    assert [await nth(calls.call(request("a", "listDevices"))) for _ in range(2)] == [1, 2]


async def test_what_was_not_done_for_now_is_done_when_it_is_sent_again():
    work = Work()
    work.busy = True
    calls = work.calls()
    assert json.loads(await calls.call(request("a", key="k")))["retry"]
    work.busy = False
    assert await nth(calls.call(request("a", key="k"))) == 2


async def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 3)
    work = Work()
    calls = work.calls()
    for number in range(5):
        await calls.call(request(number))
    await calls.call(request(4))
    assert len(work.done) == 5
    await calls.call(request(0))
    assert len(work.done) == 6
    monkeypatch.setattr(module, "REMEMBERED_SIZE", 1)
    await calls.call(request(9))
    assert len(calls._ended) == 1
