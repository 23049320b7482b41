"""What a body asks for: a command and its data."""

import asyncio
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from services.gateway.webprinter.envelope import Malformed

_BOM = b"\xef\xbb\xbf"
#: Bodies of more bytes than this are parsed in a thread.
LARGE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and its data. `key` is an idempotency key that came beside them, as a header or in a frame; empty: none."""

    command: str
    data: Any
    key: str = ""


async def asked_in(body: bytes) -> Asked:
    """The command in a body, however large. Raises `Malformed`."""
    return await asyncio.to_thread(parse, body) if len(body) > LARGE else parse(body)


def parse(body: bytes) -> Asked:
    """The command in a body: JSON in UTF-8, with or without a byte order mark. Raises `Malformed`."""
    try:
        given = from_json(body.removeprefix(_BOM), allow_inf_nan=False)
    except ValueError:
        raise Malformed('The body is not JSON in UTF-8: send {"command": "...", "data": {...}}.') from None
    if not isinstance(given, dict):
        raise Malformed('The body must be a JSON object: send {"command": "...", "data": {...}}.')
    command = _member(given, "command")
    if not isinstance(command, str) or not command.strip():
        raise Malformed('The key "command" is missing: write the name of a command as a text.')
    return Asked(command.strip(), _member(given, "data"))


def _member(given: dict[str, Any], name: str) -> Any:
    """A member by its name in any case (webprinter.md 1.7, row 28)."""
    if name in given:
        return given[name]
    return next((value for key, value in given.items() if key.lower() == name), None)
