"""A WebAPI server of the tests: it answers as a script tells it, over WebSocket and long polling, and remembers what came."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from libs.runtime.authority import Leaf
from tests.waiting import until

SDK = Path(__file__).parents[2] / "sdk"
PAGE = '<!doctype html><meta charset="utf-8"><title>shop</title><script src="/webprinter.js"></script>'
#: No eval, nothing inline: what strict sites allow their scripts.
POLICY = "default-src 'none'; script-src 'self'; connect-src *; base-uri 'none'"
STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'none'"
#: What a page from elsewhere is told.
STRANGER = "Pages of this origin may not print here: ask for it to be allowed."

Frame = dict[str, Any]


@dataclass
class Session:
    """A page's session: what it was told, by number, and the way to it, if there is one."""

    name: str
    server: "Scripted"
    token: str = ""
    socket: WebSocket | None = None
    waiting: list[Frame] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, frame: Frame) -> None:
        """Over the socket, else with the next poll."""
        if self.socket:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self.socket.send_text(json.dumps(frame))
        else:
            self.waiting.append(frame)
            self.told.set()

    async def raw(self, text: str) -> None:
        """Anything at all, over the socket."""
        assert self.socket is not None
        await self.socket.send_text(text)

    async def drop(self, code: int = 1012) -> None:
        """End the connection."""
        socket, self.socket = self.socket, None
        if socket:
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(code)

    async def answer(self, request: Frame, **body: Any) -> None:
        """Success, or what `body` says."""
        await self.send({"id": request["id"], "success": True, "command": "CALLBACK", **body})


Answering = Callable[[Session, Frame], Awaitable[None]]


async def _done(session: Session, request: Frame) -> None:
    await session.answer(request, data={"echo": request.get("data")})


class Scripted:
    """The server. `answering` is called for every request; `refusing` makes every origin a stranger, `hushed`: no PONG."""

    def __init__(self) -> None:
        self.answering: Answering = _done
        self.greeting: Callable[[WebSocket], Awaitable[bool]] | None = None
        self.refusing = False
        self.hushed = False
        self.token = ""
        self.limits: Frame = {"message": 16 * 1024 * 1024}
        self.url = ""
        self.requests: list[Frame] = []
        self.resumes: list[Frame] = []
        self.opens: list[str] = []
        self.pongs = 0
        self.pings = 0
        self.uploads: list[bytes] = []
        self.sessions: dict[str, Session] = {}
        self.ring: list[Frame] = []
        self.opened_sessions = 0
        self.seq = 100

    @property
    def session(self) -> Session:
        """The newest session."""
        return list(self.sessions.values())[-1]

    async def event(self, name: str, **body: Any) -> Frame:
        """Tell everybody, and keep it for those who come back."""
        self.seq += 1
        frame = {"command": "EVENT", "seq": self.seq, "name": name, "sn": "jueKiUEE", "ips": ["127.0.0.1"], **body}
        self.ring.append(frame)
        for session in list(self.sessions.values()):
            await session.send(frame)
        return frame

    def open(self) -> Session:
        """A new session."""
        self.opened_sessions += 1
        made = Session(f"session-{self.opened_sessions}", self)
        self.sessions[made.name] = made
        return made

    def hello(self, session: Session) -> Frame:
        return {
            "command": "HELLO",
            "sn": "jueKiUEE",
            "version": "1.0",
            "session": session.name,
            "seq": self.seq,
            "limits": self.limits,
        }

    def resumed(self, new: Session, wanted: Frame) -> tuple[Session, Frame, list[Frame]]:
        """The session that goes on, what is said about it, and what it missed."""
        self.resumes.append(wanted)
        old = self.sessions.get(str(wanted.get("session")))
        if old is None:
            return new, {"command": "RESUMED", "session": new.name, "known": False, "seq": self.seq, "reset": True}, []
        del self.sessions[new.name]
        missed = [frame for frame in self.ring if frame["seq"] > wanted["lastSeq"]]
        return old, {"command": "RESUMED", "session": old.name, "known": True, "seq": self.seq, "reset": False}, missed

    # WebSocket

    async def socket(self, websocket: WebSocket) -> None:
        self.opens.append("websocket")
        if self.refusing:
            await websocket.close()  # before accept: HTTP 403
            return
        offered = websocket.scope["subprotocols"]
        await websocket.accept("webprinter.v1" if "webprinter.v1" in offered else None)
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._converse(websocket)

    async def _converse(self, websocket: WebSocket) -> None:
        if self.greeting and not await self.greeting(websocket):
            return
        if self.token and not await self._paired(websocket):
            await websocket.close(4401, "This token is not valid: pair the page anew.")
            return
        session = self.open()
        session.socket = websocket
        await session.send(self.hello(session))
        while True:
            text = await websocket.receive_text()
            session = await self._heard(session, websocket, json.loads(text))

    async def _paired(self, websocket: WebSocket) -> bool:
        """Whether the page shows the token; one that does not offer to is not waited for."""
        offered = websocket.scope["subprotocols"]
        return "webprinter.relay" in offered and (await websocket.receive_json()).get("token") == self.token

    async def _heard(self, session: Session, websocket: WebSocket, frame: Frame) -> Session:
        match frame.get("command"):
            case "RESUME":
                session, said, missed = self.resumed(session, frame)
                session.socket = websocket
                for each in (said, *missed):
                    await session.send(each)
            case "PING":
                self.pings += 1
                if not self.hushed:
                    await session.send({"command": "PONG"})
            case "PONG":
                self.pongs += 1
            case _:
                self.requests.append(frame)
                await self.answering(session, frame)
        return session

    # long polling

    async def opened(self, request: Request) -> Response:
        self.opens.append("longpoll")
        if self.refusing:
            return JSONResponse({"success": False, "message": STRANGER}, 403)
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return self._said({"success": False, "message": "This token is not valid: pair the page anew."}, 401)
        session, extra = self.open(), {}
        wanted = (await request.json()).get("resume")
        if wanted:
            session, said, missed = self.resumed(session, wanted)
            session.socket = None
            session.waiting = [*missed]
            extra = {"known": said["known"], "reset": said["reset"]}
        return self._said({**self.hello(session), **extra, "ack": "start"})

    async def sent(self, request: Request) -> Response:
        session = self._of(request)
        if session is None:
            return self._said({"success": False, "message": "gone"}, 410)
        for frame in (await request.json())["messages"]:
            self.requests.append(frame)
            await self.answering(session, frame)
        inline = [frame for frame in session.waiting if "id" in frame]
        session.waiting = [frame for frame in session.waiting if "id" not in frame]
        return self._said({"messages": inline})

    async def polled(self, request: Request) -> Response:
        session = self._of(request)
        if session is None:
            return self._said({"success": False, "message": "gone"}, 410)
        if not session.waiting:
            session.told.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(session.told.wait(), 1)
        messages, session.waiting = session.waiting, []
        return self._said({"messages": messages, "ack": str(len(self.ring))})

    async def uploaded(self, request: Request) -> Response:
        form = await request.form()
        content = await form["file"].read()  # type: ignore[union-attr]
        self.uploads.append(content)
        name = form["file"].filename  # type: ignore[union-attr]
        file = {"fileName": name, "fileSize": str(len(content)), "mediaFormat": "PNG", "url": "unim://79gft24uh7uoabc%2B"}
        return self._said({"file": file, "success": True})

    async def status(self, _request: Request) -> Response:
        body = {"success": True, "version": "1.0", "originAllowed": not self.refusing, "message": STRANGER}
        return self._said(body)

    async def paired(self, request: Request) -> Response:
        if (await request.json()).get("code") != "ABCD-EFGH":
            return self._said({"success": False, "message": "There is no such code: read it again.", "command": "CALLBACK"})
        return self._said({"success": True, "data": {"token": self.token, "sn": "jueKiUEE"}, "command": "CALLBACK"})

    def _of(self, request: Request) -> Session | None:
        return self.sessions.get(request.headers.get("webapi-session", ""))

    def _said(self, body: Frame, status: int = 200) -> Response:
        return JSONResponse(body, status, {"Access-Control-Allow-Origin": "*"})

    async def preflight(self, _request: Request) -> Response:
        allow = {"Access-Control-Allow-Headers": "Webapi-Session, Content-Type, Authorization"}
        return Response(status_code=403 if self.refusing else 204, headers={"Access-Control-Allow-Origin": "*", **allow})

    def application(self) -> Starlette:
        def page(_request: Request) -> Response:
            return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})

        def published(request: Request) -> Response:
            return FileResponse(SDK / request.path_params["name"], headers={"Content-Security-Policy": STRICT})

        posts = {"open": self.opened, "send": self.sent, "close": self.status, "upload": self.uploaded, "pair": self.paired}
        return Starlette(
            routes=[
                Route("/", page),
                Route("/{name}", published),
                WebSocketRoute("/webapi", self.socket),
                Route("/webapi/{what}", self.preflight, methods=["OPTIONS"]),
                *(Route(f"/webapi/{name}", does, methods=["POST"]) for name, does in posts.items()),
                Route("/webapi/poll", self.polled),
                Route("/webapi/status", self.status),
            ]
        )


@asynccontextmanager
async def serving(application: Starlette, port: int = 0, *, leaf: Leaf | None = None) -> AsyncIterator[int]:
    """Serve an application with WebSockets on loopback, with TLS if there is a certificate; gives the port."""
    tls = {"ssl_certfile": leaf.certificate, "ssl_keyfile": leaf.key} if leaf else {}
    config = uvicorn.Config(application, "127.0.0.1", port, log_config=None, lifespan="off", timeout_graceful_shutdown=1, **tls)
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    task = asyncio.create_task(server._serve([listener]))  # without its own signal handlers
    try:
        await until(lambda: server.started or task.done())
        assert not task.done(), task
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await task


@asynccontextmanager
async def scripted(port: int = 0) -> AsyncIterator[Scripted]:
    """A scripted server on a free port (or on this one)."""
    server = Scripted()
    async with serving(server.application(), port) as bound:
        server.url = f"http://127.0.0.1:{bound}"
        yield server
        for session in list(server.sessions.values()):
            await session.drop()
