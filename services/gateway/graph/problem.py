"""What goes wrong at this door, as status, code and sentence (graph-print.md 1.14, 5.4)."""

import re
from collections.abc import Mapping

from libs.contracts.queries import Code
from libs.runtime.bus import Refused


class Problem(Exception):
    """An answer that is an error. `code` is what clients may branch on beside the status; `target` names the member or option."""

    def __init__(self, status: int, code: str, message: str, *, target: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.headers = dict(headers or {})


def bad(message: str, target: str = "") -> Problem:
    """The request says something that cannot be; `message` says what to write instead."""
    return Problem(400, "invalidRequest", message, target=target)


def forbidden(message: str, code: str = "accessDenied") -> Problem:
    """Whoever asks may not."""
    return Problem(403, code, message)


def missing(what: str) -> Problem:
    """There is no such thing, or it is somebody else's: `missing("printer 4711")`."""
    return Problem(404, "itemNotFound", f"There is no {what}.")


def conflict(message: str) -> Problem:
    """Not in this state."""
    return Problem(409, "conflict", message)


def not_allowed(message: str, allow: str) -> Problem:
    """There is such an address, but not with this method; `allow` is the header's value."""
    return Problem(405, "notAllowed", message, headers={"Allow": allow})


def unanswered(region: str = "") -> Problem:
    """Nobody answers now; `region`: the other one whose services were asked."""
    where = f"The region {region} is not reached from here. " if region else ""
    message = f"{where}Nobody answers at the moment: try again in a few seconds."
    return Problem(503, "serviceNotAvailable", message, headers={"Retry-After": "5"})


#: What a service's sentence begins with where it is about one member of the body.
_MEMBER = re.compile(r"([a-z]\w*(?:@odata\.bind)?): ")

#: How a service's refusal looks here.
_STATUS = {
    Code.NOT_FOUND: (404, "itemNotFound"),
    Code.BAD_REQUEST: (400, "invalidRequest"),
    Code.CONFLICT: (409, "conflict"),
    Code.FORBIDDEN: (403, "accessDenied"),
    Code.BUSY: (503, "serviceNotAvailable"),
    Code.FAULT: (500, "generalException"),
}


def refused(reason: Refused) -> Problem:
    """A service's refusal as this door says it."""
    status, code = _STATUS[reason.code]
    headers = {"Retry-After": "5"} if status == 503 else None
    return Problem(status, code, str(reason), target=member_of(str(reason)), headers=headers)


def member_of(sentence: str) -> str:
    """The member that a service's sentence is about, as in `displayName: choose another name.`; empty: none."""
    found = _MEMBER.match(sentence)
    return found[1] if found else ""
