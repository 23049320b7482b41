"""The headers that a client wants sent with its document's address (webprinter.md 1.5 and 1.7, row 29)."""

import re

from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields

MAX_HEADERS = 50
MAX_BYTES = 8000
#: Names of session cookies: sent as they are and, when there is no Cookie header, as a cookie too.
SESSION_COOKIES = {"jsessionid", "phpsessid", "asp.net_sessionid"}
#: They belong to the connection or to the message itself (RFC 9110 section 7.6.1): nobody else may set them.
REFUSED = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def read_headers(task: Fields) -> tuple[tuple[str, str], ...]:
    """The headers of a task, at task level or inside its config. Raises `Rejected`, which never shows a value."""
    holder = task if task.raw("headers") is not None else task.inside("config")
    given = holder.raw("headers")
    if given is None or given in ("", []):  # an array without members is what PHP makes of an empty object
        return ()
    where = holder.name("headers")
    if not isinstance(given, dict):
        raise Rejected(f'{where} must be an object of names and values, such as {{"Cookie": "a=b"}}.')
    found = tuple(_header(where, name, value) for name, value in given.items() if value is not None)
    if len(found) > MAX_HEADERS or sum(len(name) + len(value) for name, value in found) > MAX_BYTES:
        raise Rejected(
            f"{where} must have at most {MAX_HEADERS} headers and {MAX_BYTES} characters: send only those that are needed."
        )
    return found + _cookies(found)


def _header(where: str, name: str, value: object) -> tuple[str, str]:
    if not _NAME.fullmatch(name):
        raise Rejected(f"{where} has a name that no header can have: names are letters, digits and dashes.")
    if name.lower() in REFUSED:
        raise Rejected(f"{where} may not set {name}, which belongs to the connection: leave it out.")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Rejected(f"{where}.{name} must be a text.")
    text = str(value).strip()
    if _FORBIDDEN.search(text) or not _latin(text):
        raise Rejected(f"{where}.{name} has characters that no header can have: leave out line breaks and encode the rest.")
    return name, text


def _latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _cookies(found: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if any(name.lower() == "cookie" for name, _ in found):
        return ()
    sessions = [f"{name}={value}" for name, value in found if name.lower() in SESSION_COOKIES]
    return (("Cookie", "; ".join(sessions)),) if sessions else ()
