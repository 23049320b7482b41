"""A page without WebSockets: the long-poll of the WebAPI as a browser's script does it."""

import asyncio

from services.gateway.webapi import polling
from tests.gateway.webapi.rig import SHOP


def held(monkeypatch):
    """An event that is set once a poll is held, because there is nothing to tell yet."""
    began, wait = asyncio.Event(), polling.Polling._wait

    async def waiting(*given):
        began.set()
        return await wait(*given)

    monkeypatch.setattr(polling.Polling, "_wait", waiting)
    return began


class Poller:
    """One session; `ack` goes with each poll."""

    def __init__(self, client, origin=SHOP):
        self.client = client
        self.origin = origin
        self.session = "new"
        self.ack = ""
        self.hello = {}

    def headers(self, **more):
        return {
            "Origin": self.origin,
            "Webapi-Session": self.session,
            **{name.replace("_", "-"): each for name, each in more.items()},
        }

    async def post(self, what, body=None, **headers):
        return await self.client.post(
            f"/webapi/{what}", json={} if body is None else body, headers=self.headers(**headers), timeout=40
        )

    async def open(self, resume=None, **headers):
        answer = await self.post("open", {"resume": resume} if resume else {}, **headers)
        assert answer.status_code == 200, answer.text
        self.hello = answer.json()
        self.session, self.ack = self.hello["session"], self.hello["ack"]
        return self

    async def send(self, *messages):
        answer = await self.post("send", {"messages": list(messages)})
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"]

    async def ask(self, ack=None):
        return await self.client.get(
            "/webapi/poll", params={"ack": self.ack if ack is None else ack}, headers=self.headers(), timeout=40
        )

    async def poll(self):
        answer = await self.ask()
        assert answer.status_code == 200, answer.text
        self.ack = answer.json()["ack"]
        return answer.json()["messages"]
