"""The door for pages, described for the published OpenAPI document: its commands, its addresses, and the files beside it."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.webprinter.describing.commands import Described

_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_SESSION = {
    "name": "Webapi-Session",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The session that open gave; `new` for open and pair.",
}
_ACK = {
    "name": "ack",
    "in": "query",
    "schema": {"type": "string"},
    "description": "What the last poll (or open) had as `ack`: it says what arrived.",
}

EventName = Literal["NewTaskEvent", "UpdateTaskStatusEvent", "EndTaskEvent"]
ScopeName = Literal["print", "read", "manage", "administer"]


class WantedEvents(Described):
    """Which events to list, oldest first; what is missing does not narrow."""

    since: int | None = Field(None, ge=0, description="Those after this number: `next` of the last answer.")
    start_time: int | None = Field(None, description="Those since this time (ms since 1970), where `since` is missing.")
    task_id: str | None = None
    events: list[EventName] | None = None
    limit: int | None = Field(100, ge=1, description="At most 1000.")


class ListEvents(Described):
    """Events of the client's tasks in the last seven days, once more."""

    command: Literal["listEvents"]
    data: WantedEvents | None = None


class ToldEvent(Described):
    """An event as the callback tells it, with its number, its id, and when it happened (ms since 1970)."""

    ips: list[str]
    sn: str
    name: EventName
    task: dict[str, Any]
    old_status: str | None = None
    new_status: str | None = None
    seq: int
    event_id: str
    time: int


class ToldEvents(Described):
    """Events; `next` is `since` of the next question, `more` says that there are some already."""

    events: list[ToldEvent]
    next: int
    more: bool


class WantedPairing(Described):
    """What a code is for."""

    name: str | None = Field(None, max_length=100)
    origins: list[str] | None = Field(None, description="Origins that may bring the code; missing: whichever brings it first.")
    scopes: list[ScopeName] | None = Field(None, description="What the pages may do; missing: print and read.")
    expire_after: float | None = Field(None, description="Seconds that the relay token is good for; missing: 90 days.")


class WantedRelay(WantedPairing):
    """Whose pages a relay token is for."""

    origins: list[str] = Field(examples=[["https://shop.example.org"]])
    expire_after: float | None = Field(None, description="Seconds that the token is good for; missing: a day, at most 366 days.")


class NewPairing(Described):
    """A short code, good for ten minutes and once, that a page of another site exchanges for a relay token."""

    command: Literal["newPairing"]
    data: WantedPairing | None = None


class NewRelayToken(Described):
    """A relay token for the pages of a site, asked for by the site's server."""

    command: Literal["newRelayToken"]
    data: WantedRelay


class ListRelays(Described):
    """The client's relays."""

    command: Literal["listRelays"]


class WhichRelay(Described):
    """One relay."""

    relay_id: str


class RevokeRelay(Described):
    """End a relay: its open sessions end within seconds."""

    command: Literal["revokeRelay"]
    data: WhichRelay


class RelayRow(Described):
    """A relay in a list; times are ms since 1970."""

    relay_id: str
    name: str
    origins: list[str]
    scopes: list[ScopeName]
    created_at: int
    expires_at: int


REQUESTS: tuple[type[BaseModel], ...] = (ListEvents, NewPairing, NewRelayToken, ListRelays, RevokeRelay)
ANSWERS: tuple[type[BaseModel], ...] = (ToldEvents, RelayRow)

#: Status -> when, for everything below `/webapi`.
REFUSALS = {
    400: "It is no message, or the header Webapi-Session is missing.",
    401: "The relay token or the code is wrong, used, expired or revoked.",
    403: "The origin is not allowed, the peer is not on this machine, or it is no fetch of a page.",
    404: "The door for pages is switched off.",
    405: "Another method.",
    410: "There is no such session any more: open a new one.",
    413: "The body is too large.",
    421: "The name in Host is none of this server's.",
    429: "Too many sessions, calls or wrong tries; `Retry-After` says when to come again.",
    500: "A fault of the server.",
    503: "Not at the moment.",
}


def paths() -> dict[str, Any]:
    """The addresses of the door and of the files beside it."""
    return {
        **{path: _socket(name) for path, name in (("/webapi", "webapi"), ("/ws", "ws"), ("/", "root"))},
        "/webapi/open": _post("open", "Open a session, or go on with one (`resume`).", [_SESSION]),
        "/webapi/send": _post("send", "Calls; answers that are there within ten seconds come back at once.", [_SESSION]),
        "/webapi/poll": _item("get", "poll", "Answers and events, held at most 25 seconds until there are any.", [_SESSION, _ACK]),
        "/webapi/close": _post("close", "Close the session.", [_SESSION]),
        "/webapi/upload": _post("upload", "A file, as /openapi/sendTmpFile takes it.", [_SESSION], "multipart/form-data"),
        "/webapi/pair": _post("pair", "Exchange a code for a relay token of the page's origin.", [_SESSION]),
        "/webapi/status": _item("get", "status", "Whether somebody is here, and what keeps this page out.", []),
        "/webprinter.js": _file("The SDK.", "text/javascript"),
        "/webprinter.d.ts": _file("Its types.", "text/plain"),
        "/webprinter-classic.js": _file("The older SDK on top of it.", "text/javascript"),
        "/webprinter-classic.d.ts": _file("The types of the older SDK.", "text/plain"),
        "/webprinter.html": _file("A page to try it.", "text/html"),
        "/webprinter-page.js": _file("The script of that page.", "text/javascript"),
        "/webprinter-page.css": _file("The style of that page.", "text/css"),
        "/webprinter-ca.pem": _file("The certificate of this machine's own authority.", "application/x-pem-file"),
    }


def _item(method: str, name: str, summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    answers = {"200": {"description": "Done.", "content": _OBJECT}}
    answers |= {str(status): {"description": when, "content": _OBJECT} for status, when in REFUSALS.items()}
    return {method: {"operationId": f"webapi_{name}", "summary": summary, "parameters": parameters, "responses": answers}}


def _post(name: str, summary: str, parameters: list[dict[str, Any]], kind: str = "application/json") -> dict[str, Any]:
    item = _item("post", name, summary, parameters)
    item["post"]["requestBody"] = {"content": {kind: {"schema": {"type": "object"}}}}
    return item


def _socket(name: str) -> dict[str, Any]:
    answers = {"101": {"description": "A WebSocket."}, "404": {"description": "It was no upgrade.", "content": _TEXT}}
    answers |= {str(status): {"description": REFUSALS[status], "content": _OBJECT} for status in (403, 421, 429, 503)}
    summary = "The WebSocket for pages (subprotocol webprinter.v1); /webapi is its name, the others are for old programs."
    return {"get": {"operationId": f"socket_{name}", "summary": summary, "responses": answers}}


def _file(summary: str, kind: str) -> dict[str, Any]:
    answers = {
        "200": {"description": "The file.", "content": {kind: {"schema": {"type": "string"}}}},
        "404": {"description": "This server has no such file.", "content": _TEXT},
    }
    name = summary.rstrip(".").lower().replace(" ", "_").replace("'", "")
    return {"get": {"operationId": f"file_{name}", "summary": summary, "responses": answers}}
