"""Carries bytes to where engines can read them: from the message, from the document store, out of a sealed field."""

import asyncio
from pathlib import Path

from libs.contracts.documents import Content, Inline, Remote, SealedRequest, Stored
from libs.contracts.message import decode
from libs.contracts.tickets import Ticket
from libs.runtime.documents import Documents, Missing
from libs.runtime.seal import Opener, Unopenable
from services.converter.domain import Failure, Rejected


class Carrier:
    """Reads the document store and opens sealed fields."""

    def __init__(self, documents: Documents, opener: Opener) -> None:
        self._documents = documents
        self._opener = opener

    async def source(self, content: Content, work: Path) -> tuple[Path | None, SealedRequest | None]:
        """A document as a file in `work`, or the request that fetches it. Raises `Rejected` for one that is lost."""
        if not isinstance(content, Remote):
            return await self.file(content, work / "source"), None
        try:
            return None, decode(SealedRequest, self._opener.open(content.sealed))
        except Unopenable:
            raise Rejected(Failure.LOST, "The document's address was sealed with another key; send it again.") from None

    async def file(self, content: Inline | Stored, path: Path) -> Path:
        """Bytes as a file. Raises `Rejected` for bytes that are lost."""
        if isinstance(content, Inline):
            await asyncio.to_thread(path.write_bytes, content.data)
            return path
        try:
            await self._documents.fetch(content.name, content.size, content.sha256, path)
        except Missing:
            raise Rejected(Failure.LOST, "The document is not in the store any more; send it again.") from None
        return path

    async def pictures(self, ticket: Ticket, work: Path) -> list[Path]:
        """The images of a ticket's marks as files, in their order. Raises `Rejected`."""
        images = [mark.image for mark in ticket.marks if mark.image is not None]
        return [await self.file(image, work / f"mark-{number}") for number, image in enumerate(images)]
