"""`POST /enrol`: only digests go further, and a wrong request is told so without what was in it."""

import pytest

from libs.contracts.agents import EnrolAgent, Enrolled
from libs.contracts.ids import token_digest
from libs.contracts.queries import Code
from libs.runtime.bus import Refused, Unanswered
from tests.gateway.fakes import door

TOKEN = "canary-" + "t" * 36
KEY = "U" + "A" * 55
ENROLLED = Enrolled(sn="AGENT001", tenant="main", shard=0, region="local", jwt="a.b.c", urls=("tls://*:4223",), ca="PEM")


async def test_a_good_token_is_answered_with_all_that_an_agent_needs(tmp_path):
    async with door(tmp_path) as gateway:
        gateway.bus.answers[EnrolAgent] = ENROLLED
        answer = await gateway.client.post("/enrol", json={"token": TOKEN, "key": KEY, "later": "ignored"})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {
            "sn": "AGENT001",
            "tenant": "main",
            "shard": 0,
            "region": "local",
            "jwt": "a.b.c",
            "urls": ["tls://*:4223"],
            "ca": "PEM",
        }
        assert gateway.bus.asked == [EnrolAgent(region="local", digest=token_digest(TOKEN), key=KEY)]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Refused(Code.FORBIDDEN, "The enrolment token was used already."), 403),
        (Refused(Code.CONFLICT, "This server lets no agents in."), 409),
        (Refused(Code.FAULT, "The service could not answer."), 503),
        (Unanswered("nobody is there"), 503),
    ],
)
async def test_a_no_is_a_sentence(tmp_path, outcome, status):
    async with door(tmp_path) as gateway:
        gateway.bus.answers[EnrolAgent] = outcome
        answer = await gateway.client.post("/enrol", json={"token": TOKEN, "key": KEY})
        assert answer.status_code == status
        assert answer.json()["message"].endswith((".", "moment."))


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"key": KEY}, 400, "token"),
        ({"token": TOKEN}, 400, "key"),
        ({"token": TOKEN, "key": "S" + KEY[1:]}, 400, "key"),
        ({"token": TOKEN, "key": KEY, "sn": "../../x"}, 400, "sn"),
        ({"token": 7, "key": KEY}, 400, "token"),
        ([TOKEN], 400, "the body"),
        ({"token": TOKEN, "key": KEY, "more": "x" * 20_000}, 413, "16384 bytes"),
    ],
)
async def test_a_wrong_request_names_the_field_and_never_the_token(tmp_path, body, status, named):
    async with door(tmp_path) as gateway:
        answer = await gateway.client.post("/enrol", json=body)
        assert answer.status_code == status
        assert named in answer.json()["message"]
        assert "canary" not in answer.text
        assert gateway.bus.asked == []


async def test_nothing_is_enrolled_by_looking(tmp_path):
    async with door(tmp_path) as gateway:
        assert (await gateway.client.get("/enrol")).status_code == 405


async def test_who_shows_many_wrong_tokens_waits_and_the_registry_is_not_asked(tmp_path):
    async with door(tmp_path, token_tries=3) as gateway:
        gateway.bus.answers[EnrolAgent] = Refused(Code.FORBIDDEN, "The enrolment token is unknown.")
        said = [(await gateway.client.post("/enrol", json={"token": TOKEN, "key": KEY})) for _ in range(5)]
        assert [answer.status_code for answer in said] == [403, 403, 403, 429, 429]
        assert 0 < int(said[-1].headers["retry-after"]) <= 60
        assert len(gateway.bus.asked) == 3
