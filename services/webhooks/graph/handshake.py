"""The validation handshake (graph-print.md 4.3): who echoes our token wants notifications at this address."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import quote

from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.webhooks.receiver import Receiver
from services.webhooks.verdict import Answer

_HEADERS = {"content-type": "text/plain; charset=utf-8"}
_FAILED = "Subscription validation request failed"


def make_token() -> str:
    """A token of which every wrong decoding shows: it has a space, a colon, a plus and a percent sign."""
    return f"Validation: {secrets.token_urlsafe(24)} +100%25"


def asking(url: str, token: str) -> str:
    """The address that the token is sent to; what it has of a query stays as it is."""
    return f"{url}{'&' if '?' in url else '?'}validationToken={quote(token, safe='')}"


async def validate(urls: Sequence[tuple[str, str]], receivers: Callable[[], Receiver], patience: float) -> None:
    """Ask each of these (member, address) for an echo, all at the same time. Raises `Refused` for the first that fails.

    `patience` is that of the receivers, in seconds.
    """
    problems = await asyncio.gather(*(_echo(member, url, receivers(), patience) for member, url in urls))
    if found := next((each for each in problems if each), ""):
        raise Refused(Code.BAD_REQUEST, found)


async def _echo(member: str, url: str, receiver: Receiver, patience: float) -> str:
    token = make_token()
    try:
        answer = await receiver.post(asking(url, token), "", _HEADERS)
    finally:
        await receiver.close()
    return _problem(member, answer, token, patience)


def _problem(member: str, answer: Answer, token: str, patience: float) -> str:
    """Empty, or the sentence that whoever subscribes is told."""
    if answer.late:
        return f"Subscription validation request timed out: {member} gave no answer within {patience:g} seconds."
    if not answer.status:
        return f"{_FAILED}: {member} could not be asked: {answer.error.rstrip('.')}."
    if answer.status != HTTPStatus.OK:
        return f"{_FAILED}: {member} answered {_phrase(answer.status)}, and 200 OK is required."
    if answer.media_type != "text/plain":
        shown = answer.media_type if answer.media_type.isprintable() else ""
        return f"{_FAILED}: {member} answered with the content type {shown[:64] or '(none)'}; it must be text/plain."
    if answer.excerpt != token:
        return f"{_FAILED}: {member} must answer with the validation token, decoded from the query, and nothing else."
    return ""


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
