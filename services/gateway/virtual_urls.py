"""`unim://` addresses of uploaded files: an id, and a token that only this installation makes and reads (webprinter.md 1.5).

The same key seals the tokens of other addresses that are handed out, each for its purpose.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from libs.contracts.documents import Format

SCHEME = "unim://"
ID = 12
#: How often an address may have been encoded; what is in it has no % of its own.
MOST_ENCODED = 2


class BadUrl(Exception):
    """The address is not ours, is of another tenant, or its time is over."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in the store: whose, where, its length, SHA-256 and name; `format` empty: unknown. `until` is in ms since 1970."""

    tenant: str
    object: str
    size: int
    sha256: str
    name: str
    format: Format | None
    until: int


class VirtualUrls:
    """Makes and reads them with one shared key (`keys.UPLOAD_KEY`); encrypted and authenticated, the id included."""

    def __init__(self, key_file: Path) -> None:
        self._box = Aead(key_file.read_bytes())

    def make(self, upload: str, file: Uploaded) -> str:
        """The address of an upload by its id of 12 characters."""
        token = self._box.encrypt(json.dumps(astuple(file), separators=(",", ":")).encode(), upload.encode())
        return SCHEME + upload + quote(base64.b64encode(token), safe="")

    def token(self, purpose: str, content: Sequence[str | int]) -> str:
        """What is handed out to be shown again for this purpose: a part of a path, readable by this installation alone."""
        sealed = self._box.encrypt(json.dumps(list(content), separators=(",", ":")).encode(), b"token/" + purpose.encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def content(self, purpose: str, token: str) -> list[str | int]:
        """What is in a token of this purpose. Raises `BadUrl`."""
        try:
            sealed = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
            return list(json.loads(self._box.decrypt(sealed, b"token/" + purpose.encode())))
        except (binascii.Error, ValueError, CryptoError):
            raise BadUrl from None

    def read(self, url: str, tenant: str, now: int) -> Uploaded:
        """The file of an address, as it was given, decoded or encoded once more, with line breaks or without. Raises `BadUrl`."""
        # Line breaks, with the blanks around them, are a printed page's; a blank elsewhere is a plus that was decoded as in a form.
        text = "".join(line.strip() for line in url.splitlines()).replace(" ", "+").replace("\t", "")[len(SCHEME) :]
        for _ in range(MOST_ENCODED):
            text = unquote(text)
        try:
            sealed = text[ID:] + "+" * (-len(text[ID:]) % 4)  # blanks at the end were taken off, and were pluses as well
            token = base64.b64decode(sealed.encode("ascii"), validate=True)
            owner, name, size, sha256, title, kind, until = json.loads(self._box.decrypt(token, text[:ID].encode("ascii")))
        except (binascii.Error, ValueError, CryptoError):
            raise BadUrl from None
        if owner != tenant or now > until:
            raise BadUrl
        return Uploaded(owner, name, size, sha256, title, Format(kind) if kind else None, until)
