"""What travels on a channel of the WebAPI: requests in, answers and events out, each one JSON object (webprinter.md 4.2)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from services.gateway.events import Told
from services.gateway.webprinter.reading.asking import Asked

#: The version of these messages; also the WebSocket subprotocol.
PROTOCOL = "webprinter.v1"
#: Seconds: we say PING after so much silence, and a line is dead after so much silence of the other side.
PING_AFTER = 25.0
DEAD_AFTER = 60.0

#: In an answer: not now, and the same may be asked again in a moment, by the same id.
RETRY = "retry"
PING, PONG = '{"command":"PING"}', '{"command":"PONG"}'
LONGEST_ID = 64
LONGEST_KEY = 200


class BadFrame(Exception):
    """It is not a message of this protocol: the sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message from a page: `command`, and everything it came with."""

    command: str
    members: dict[str, Any]

    def text(self, name: str, longest: int = 512) -> str:
        """A member that must be a text, empty when it is missing. Raises `BadFrame`."""
        value = self.members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > longest:
            raise BadFrame(f"{name} must be a text of at most {longest} characters.")
        return value

    def sequence(self, name: str) -> int:
        """A member that must be a sequence number, 0 when it is missing. Raises `BadFrame`."""
        value = self.members.get(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            raise BadFrame(f"{name} must be the number of an event.")
        return value


@dataclass(frozen=True, slots=True)
class Request:
    """A call: its `id` as JSON text, what is asked, and a digest that tells it from another call with the same id."""

    id: str
    asked: Asked
    digest: bytes


def read(text: str | bytes) -> Frame:
    """A message from its text. Raises `BadFrame`."""
    try:
        given = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise BadFrame("The message is not JSON.") from None
    return frame(given)


def frame(given: Any) -> Frame:
    """A message from what JSON said. Raises `BadFrame`."""
    if not isinstance(given, dict):
        raise BadFrame("The message must be a JSON object.")
    command = given.get("command")
    if not isinstance(command, str) or not command.strip():
        raise BadFrame('The key "command" is missing: write the name of a command as a text.')
    return Frame(command.strip(), given)


def request(given: Frame) -> Request:
    """The call in a message. Raises `BadFrame`."""
    number = given.members.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str) or len(str(number)) > LONGEST_ID or number == "":
        raise BadFrame(f"id must be a text or a whole number of at most {LONGEST_ID} characters, another one for each call.")
    key = given.text("key", LONGEST_KEY)
    data = given.members.get("data")
    digest = hashlib.sha256(to_json([given.command, data, key])).digest()
    return Request(to_json(number).decode(), Asked(given.command, data, key), digest)


def answer(number: str, body: dict[str, Any]) -> str:
    """The seed's envelope with the call's id before it (`number`: the id as JSON text)."""
    return f'{{"id":{number},{to_json(body).decode()[1:]}'


def event(told: Told) -> str:
    """An event of the callback's shape, with its number."""
    return to_json({"command": "EVENT", "seq": told.seq, **told.body}).decode()
