"""Short-lived signed addresses of documents, for stores that cannot sign themselves (`/documents/<token>` of the gateway)."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

#: How long an address is valid, in seconds.
LIFETIME = 600


class BadAddress(Exception):
    """The token is not ours, or its time is over."""


class Addresses:
    """Makes and reads tokens with one shared key (`keys.DOCUMENT_KEY`)."""

    def __init__(self, key_file: Path) -> None:
        self._key = key_file.read_bytes()

    def token(self, name: str, now: float) -> str:
        """A token for one object, valid for `LIFETIME` seconds from `now` (seconds since 1970)."""
        body = json.dumps([name, int(now) + LIFETIME], separators=(",", ":")).encode()
        return f"{_text(body)}.{_text(self._signature(body))}"

    def name(self, token: str, now: float) -> str:
        """The object that a token names. Raises `BadAddress`."""
        try:
            body, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
        except ValueError:
            raise BadAddress from None
        if not hmac.compare_digest(signature, self._signature(body)):
            raise BadAddress
        name, until = json.loads(body)
        if now > until:
            raise BadAddress
        return str(name)

    def _signature(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
