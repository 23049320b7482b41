"""The one shape of every answer of this door (webprinter.md 1.4), and what may go wrong on the way to it."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from libs.runtime.bus import FULL, NotStored, Unanswered

#: Tells answers from events on channels that carry both.
COMMAND = "CALLBACK"
#: Seconds after which a client should ask again when we cannot answer now.
RETRY_AFTER = "5"


class Rejected(Exception):
    """The command cannot be done as it was asked for: one sentence that names the field and says what to write instead."""


class Malformed(Exception):
    """The body is not a command at all."""


class Nothing:
    """There is nothing to return: the answer has no key `data`."""


NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Answer:
    """An envelope, with the HTTP status and headers that go with it where it travels over HTTP."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] | None = None

    def response(self) -> Response:
        """As HTTP has it."""
        return Response(to_json(self.body), self.status, self.headers, media_type="application/json")


def succeeded(data: Any = NOTHING) -> Answer:
    """Processed, with what it returns."""
    body = {"success": True} if data is NOTHING else {"success": True, "data": data}
    return Answer(200, {**body, "command": COMMAND})


def failed(message: str, status: int = 200, **headers: str) -> Answer:
    """Not done, and why; `headers` with underscores for dashes."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"success": False, "message": message, "command": COMMAND}, names)


def busy(message: str) -> Answer:
    """Not done, and nobody can say more now: the client is asked to come again."""
    return failed(message, 503, retry_after=RETRY_AFTER)


def away(region: str) -> str:
    """What an answer begins with when another region's services are asked; empty: they are our own."""
    return f"The region {region} is not reached from here. " if region else ""


def undone(error: NotStored | Unanswered, region: str = "") -> Answer:
    """Nothing was done, and it may be tried again; `region`: as for `away`."""
    if isinstance(error, NotStored) and error.code in FULL:
        return busy("The server's store is full, and nothing was done: try again when its operator has made room.")
    return busy(f"{away(region)}The server cannot do this at the moment, and nothing was done: try again in a few seconds.")
