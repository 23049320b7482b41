"""Credentials are renewed in time, and the old ones serve as long as there is no answer."""

import asyncio
import time

import nkeys
import pytest

from libs.contracts.agents import RenewCredentials, Renewed
from libs.contracts.queries import Code
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.credentials import credentials_file, make_key, scoped_jwt, write_secret
from services.agent import renewal
from services.agent.renewal import Renewal
from tests.waiting import until

AGENT = "jueKiUEE"
SIGNER, PAIR = make_key(nkeys.PREFIX_BYTE_ACCOUNT), make_key(nkeys.PREFIX_BYTE_USER)


def jwt(seconds: int) -> str:
    expires = int(time.time()) + seconds if seconds else 0
    return scoped_jwt(AGENT, PAIR.public, SIGNER.public, SIGNER, tags={"tenant": "main"}, expires=expires)


class Bus:
    """Answers in turn what it is given."""

    def __init__(self, *answers):
        self.client = self
        self.answers = list(answers)
        self.asked = []
        self.reconnects = 0

    async def ask(self, question, *, timeout):  # noqa: ASYNC109 - as the bus has it
        self.asked.append(question)
        answer = self.answers.pop(0) if self.answers else Unanswered("nobody is there")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def force_reconnect(self):
        self.reconnects += 1


@pytest.fixture
def path(tmp_path):
    write_secret(tmp_path / "a.creds", credentials_file(jwt(1), PAIR))
    return tmp_path / "a.creds"


async def test_credentials_are_renewed_with_the_same_key_and_the_connection_made_anew(path):
    bus, fresh = Bus(Unanswered("not now"), Renewed(jwt=jwt(3600))), Renewal(path, "local", "main", AGENT)
    running = asyncio.create_task(fresh.run(bus))
    await until(lambda: bus.reconnects)
    running.cancel()
    assert bus.asked == [RenewCredentials(region="local", tenant="main", agent=AGENT, key=PAIR.public)] * 2
    assert 2800 < fresh.due() < 2900
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_no_and_an_answer_that_is_no_jwt_leave_the_old_ones(path, monkeypatch):
    monkeypatch.setattr(renewal, "REFUSED", 0.01)
    before = path.read_bytes()
    bus = Bus(Refused(Code.FORBIDDEN, "The agent is disabled."), Renewed(jwt="none"))
    running = asyncio.create_task(Renewal(path, "local", "main", AGENT).run(bus))
    await until(lambda: len(bus.asked) > 1)
    running.cancel()
    assert path.read_bytes() == before
    assert not bus.reconnects


async def test_credentials_without_an_end_are_left_alone(tmp_path):
    write_secret(tmp_path / "a.creds", credentials_file(jwt(0), PAIR))
    bus, before = Bus(), (tmp_path / "a.creds").read_bytes()
    await asyncio.wait_for(Renewal(tmp_path / "a.creds", "local", "main", AGENT).run(bus), 20)
    assert (bus.asked, bus.reconnects) == ([], 0)
    assert (tmp_path / "a.creds").read_bytes() == before
