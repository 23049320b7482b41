"""From an upgrade to a channel: local pages at once, relayed ones after they have shown their token."""

import asyncio
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from libs.runtime.bus import Unanswered
from services.gateway.settings import GatewaySettings
from services.gateway.webapi import frames
from services.gateway.webapi.frames import BadFrame
from services.gateway.webapi.guard import Barred, Caller, Guard
from services.gateway.webapi.replies import denial, ending, hello
from services.gateway.webapi.session import Session
from services.gateway.webapi.sessions import LEFT, Full, Sessions
from services.gateway.webapi.tries import Tries
from services.gateway.webapi.visitors import Visitors
from services.gateway.webapi.websocket import Channel

#: Subprotocols of relayed pages: one that carries the token, and one that says that it will be the first message.
CARRIER = "webprinter.token."
RELAY = "webprinter.relay"
#: Seconds that a token may take to come, and pages that may owe one: together, and of one address.
TOKEN_WITHIN = 10.0
OWING = 32
OWING_OF_ONE = 8


class Upgrade:
    """Lets WebSockets in."""

    def __init__(self, guard: Guard, visitors: Visitors, sessions: Sessions, tries: Tries, settings: GatewaySettings) -> None:
        self._guard = guard
        self._visitors = visitors
        self._sessions = sessions
        self._tries = tries
        self._settings = settings
        self._owing: list[str] = []

    async def serve(self, socket: WebSocket) -> None:
        """One WebSocket from its upgrade to its end."""
        try:
            caller = self._guard.caller(socket.scope)
            relayed = any(each == RELAY or each.startswith(CARRIER) for each in socket.scope["subprotocols"])
            session: Session | None = None
            if relayed:
                self._expect(caller)
            else:
                session = await self._sessions.open(await self._visitors.local(caller))
        except (Barred, Full, Unanswered) as reason:
            await socket.send_denial_response(denial(reason))
            return
        try:
            if relayed:
                session = await self._relayed(socket, caller)
            else:
                await _accept(socket)
            if session:
                await Channel(socket, self._sessions, lambda new: hello(new, self._settings)).serve(session)
        except BaseException:
            if session:
                await self._sessions.end(session, LEFT)
            raise

    def _expect(self, caller: Caller) -> None:
        """Let a page owe its token for a moment, which `_relayed` ends. Raises `Barred`."""
        if not self._settings.webapi_relay:
            raise Barred(403, "This server relays no pages: whoever runs it sets PRINTBUS_WEBAPI_RELAY.")
        if len(self._owing) >= OWING or self._owing.count(caller.peer) >= OWING_OF_ONE:
            raise Barred(429, "Too many pages have connected and not shown their relay token yet.")
        self._owing.append(caller.peer)

    async def _relayed(self, socket: WebSocket, caller: Caller) -> Session | None:
        """The session of a page that shows its token now; None when it was turned away."""
        try:
            await _accept(socket)
            visitor = await self._visitors.shown(caller, await self._token(socket), self._tries)
            return await self._sessions.open(visitor)
        except WebSocketDisconnect:
            return None
        except (Barred, Full, BadFrame, Unanswered) as reason:
            why = ending(reason)
            with suppress(RuntimeError, WebSocketDisconnect):  # it went away meanwhile
                await socket.close(why.code, why.reason)
            return None
        finally:
            self._owing.remove(caller.peer)

    async def _token(self, socket: WebSocket) -> str:
        offered = [each for each in socket.scope["subprotocols"] if each.startswith(CARRIER)]
        if offered:
            return str(offered[0].removeprefix(CARRIER))
        try:
            async with asyncio.timeout(TOKEN_WITHIN):
                first = frames.read(await socket.receive_text())
        except TimeoutError:
            raise Barred(401, "No AUTH came in time.") from None
        except KeyError:  # a binary message
            raise BadFrame("Send text.") from None
        if first.command != "AUTH":
            raise Barred(401, "The first message of a relayed page is AUTH with its token.")
        return first.text("token")


async def _accept(socket: WebSocket) -> None:
    await socket.accept(frames.PROTOCOL if frames.PROTOCOL in socket.scope["subprotocols"] else None)
