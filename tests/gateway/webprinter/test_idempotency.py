"""Submitting once under a key: same key and body, same task; same key and another body, a sentence."""

import asyncio
from dataclasses import replace

import pytest

from libs.contracts.documents import Stored
from libs.contracts.message import decode, encode
from libs.runtime.bus import NotStored, Unanswered
from services.gateway.webprinter.idempotency import Reservation, digest
from tests.gateway.fakes import TOKEN, door

TASK = {"mediaFormat": "TEXT", "content": "x", "deviceName": "Label", "config": {"copies": 2}}


async def submit(rig, task=TASK, key="order 17", **headers):
    data = {"task": task, **({"idempotencyKey": key} if key else {})}
    return (await rig.post({"command": "newPrintTask", "data": data}, **headers)).json()


async def test_a_repeat_gets_the_same_task_and_nothing_is_handed_over_again(tmp_path):
    async with door(tmp_path) as rig:
        first = await submit(rig)
        assert first["success"]
        assert await submit(rig) == first
        assert len(rig.bus.published) == 1


async def test_a_repeat_after_a_crash_hands_the_same_task_over_again(tmp_path):
    large = {**TASK, "content": "x" * 20_000}
    async with door(tmp_path) as rig:
        rig.bus.refusal = Unanswered("INTAKE did not acknowledge")
        assert (await submit(rig, large))["success"] is False
        rig.bus.refusal = None
        first = await submit(rig, large)
        (kept,) = rig.bucket.values.values()
        assert first["data"]["taskId"].encode() not in kept.value  # the answer is packed, the ids are a block
        ((_, message),) = rig.bus.published
        assert message.tasks[0].id == first["data"]["taskId"]
        assert isinstance(message.tasks[0].document.content, Stored)


async def test_until_its_answer_is_kept_each_repeat_is_the_same_message(tmp_path):
    async with door(tmp_path) as rig:
        update = rig.bucket.update

        async def unkept(key, value, revision):
            if revision:
                raise Unanswered("KV_idempotency did not answer")
            return await update(key, value, revision)

        rig.bucket.update = unkept
        first = await submit(rig)
        assert await submit(rig) == first
        (_, one), (_, two) = rig.bus.published
        assert one.id == two.id
        assert one.tasks[0].created_at == two.tasks[0].created_at
        assert encode(one) == encode(two)


async def test_two_at_the_same_moment_are_one_task(tmp_path):
    async with door(tmp_path) as rig:
        answers = await asyncio.gather(*(submit(rig) for _ in range(5)))
        assert len({answer["data"]["taskId"] for answer in answers}) == 1
        assert len({message.id for _, message in rig.bus.published}) == 1


async def test_another_body_under_the_same_key_is_refused(tmp_path):
    async with door(tmp_path) as rig:
        await submit(rig)
        answer = await submit(rig, {**TASK, "config": {"copies": 3}})
        assert answer["success"] is False
        assert answer["message"].startswith("idempotencyKey was used for another submission")
        assert len(rig.bus.published) == 1


async def test_a_task_that_is_refused_leaves_its_key_free(tmp_path):
    async with door(tmp_path) as rig:
        assert (await submit(rig, {**TASK, "deviceName": "Nowhere"}))["success"] is False
        assert (await submit(rig))["success"] is True


async def test_the_key_is_taken_from_the_data_the_task_or_the_header(tmp_path):
    async with door(tmp_path) as rig:
        first = await submit(rig)
        assert await submit(rig, {**TASK, "idempotencyKey": "order 17"}, key="") == first
        assert await submit(rig, key="", Idempotency_Key="order 17") == first
        assert await submit(rig, key="", Idempotency_Key='"order 17"') == first
        for unset in (None, ""):  # as programs write a field that they have no value for
            data = {"task": TASK, "idempotencyKey": unset}
            assert (await rig.post({"command": "newPrintTask", "data": data}, Idempotency_Key="order 17")).json() == first
        assert await submit(rig, key="order 18") != first
        assert await submit(rig, key="") != first


async def test_the_same_file_that_was_uploaded_once_more_is_the_same_submission(tmp_path):
    """As a page does after a reload: large documents of webprinter.js go up anew for each call."""
    async with door(tmp_path) as rig:

        async def uploaded(data):
            sent = {"files": {"file": ("a.txt", data)}, "headers": {"Api-Access-Token": TOKEN}}
            answer = await rig.client.post("/openapi/sendTmpFile", **sent)
            return {**TASK, "mediaSource": "URL", "content": answer.json()["file"]["url"]}

        once, again, other = [await uploaded(data) for data in (b"a", b"a", b"b")]
        first = await submit(rig, once)
        assert first["success"]
        assert once["content"] != again["content"]
        assert await submit(rig, again) == first
        assert (await submit(rig, other))["message"].startswith("idempotencyKey was used for another submission")
        assert len(rig.bus.published) == 1
        (place,) = rig.bucket.values
        before = rig.bucket.values[place]
        kept = replace(decode(Reservation, before.value), body=digest(once))  # as versions kept it that took addresses as they are
        rig.bucket.values[place] = replace(before, value=encode(kept))
        assert await submit(rig, once) == first
        assert (await submit(rig, again))["success"] is False


async def test_clients_have_keys_of_their_own(tmp_path):
    async with door(tmp_path) as rig:
        await submit(rig)
        (place,) = rig.bucket.values
        assert "order" not in place
        assert len(place) == 64


@pytest.mark.parametrize("error", [NotStored("KV_idempotency refused a message: full"), Unanswered("no answer")])
async def test_without_the_bucket_nothing_is_handed_over_under_a_key(tmp_path, error):
    async with door(tmp_path) as rig:
        rig.bucket.refusal = error
        answer = await rig.post({"command": "newPrintTask", "data": {"task": TASK, "idempotencyKey": "a"}})
        assert answer.status_code == 503
        assert rig.bus.published == []
        assert (await submit(rig, key=""))["success"] is True


async def test_a_key_is_a_text_of_bounded_length(tmp_path):
    async with door(tmp_path) as rig:
        assert "idempotencyKey" in (await submit(rig, key="x" * 256))["message"]
        assert "idempotencyKey" in (await submit(rig, key=["a"]))["message"]
        assert (await submit(rig, key=17))["success"] is True


def test_the_digest_is_of_what_is_meant_not_of_its_spelling():
    same = [
        {"a": 1, "b": [1, "x", {"c": None}]},
        {"b": [1.0, "x", {}], "a": 1, "d": None},
        {"b": [1, "x", {}], "a": 1, "idempotencyKey": "k"},
    ]
    assert len({digest(each) for each in same}) == 1
    others = [
        {"a": "1"},
        {"a": 1},
        {"a": True},
        {"a": [1]},
        {"a": [[1]]},
        {"a": [1, 1]},
        {"a": 11},
        ["a", 1],
        "a",
        {"a": {"b": 1}},
        {"a": "\ud800"},
    ]
    assert len({digest(each) for each in others}) == len(others)
