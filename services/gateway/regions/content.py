"""Where documents for another region go: into its store, or, when there is none to be reached, along in the message."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from obstore.exceptions import BaseError

from libs.contracts.documents import INLINE_LIMIT, Inline, Stored
from libs.contracts.queries import Code
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.documents import Documents
from libs.runtime.folder import Part

log = structlog.get_logger()

#: What may ride in a message to a region whose store cannot be reached, in bytes.
RIDES = 1024 * 1024
#: Seconds that storing a document of so many may take.
PATIENCE = 5.0


class NoStore(Documents):
    """The store of a region of which nobody named one: this region's own is none of it. Whatever it is asked is refused."""

    def __init__(self, region: str) -> None:  # without a place, which is what every method asks for first
        self._region = region

    def __getattr__(self, name: str) -> Any:
        """Raises `Refused`."""
        raise Refused(
            Code.BAD_REQUEST,
            f"Files for the region {self._region} need its store: take a gateway of that region, "
            "or have the operator name the store in PRINTBUS_REGION_DOCUMENTS.",
        )


class FarStore(Documents):
    """The store of another region as doors have it: while it is not reached, what is uploaded to it gets the answer of all else."""

    async def put_stream(self, name: str, pieces: AsyncIterator[bytes], *, summed: bool = True) -> tuple[int, str]:
        """As `Documents.put_stream`. Raises `Unanswered`, too."""
        try:
            return await super().put_stream(name, pieces, summed=summed)
        except (BaseError, OSError) as error:
            raise Unanswered("the store of another region is not reached") from error

    async def join(self, name: str, parts: Sequence[Part]) -> tuple[int, str]:
        """As `Documents.join`. Raises `Unanswered`, too."""
        try:
            return await super().join(name, parts)
        except (BaseError, OSError) as error:
            raise Unanswered("the store of another region is not reached") from error


class FarContent:
    """The store of one other region; None: nobody named it."""

    def __init__(self, region: str, documents: Documents | None) -> None:
        self._region = region
        self._documents = documents

    async def keep(self, name: str, data: bytes) -> Inline | Stored:
        """A document's bytes, in the region's store as `name` or in the message.

        Raises `NotStored` when neither takes them now, and `Refused` when there is no store to try.
        """
        if len(data) <= INLINE_LIMIT:
            return Inline(data)
        if self._documents:
            try:
                async with asyncio.timeout(PATIENCE + len(data) / RIDES):
                    return Stored(name, *await self._documents.put(name, data))
            except (BaseError, OSError, TimeoutError) as error:
                log.warning("store of a region not reached", region=self._region, cause=type(error).__name__)
        if len(data) <= RIDES:
            return Inline(data)
        if self._documents:
            raise NotStored(f"documents of more than {RIDES} bytes need the store of {self._region}, which is not reached")
        raise Refused(
            Code.BAD_REQUEST,
            f"Documents of more than {RIDES} bytes for the region {self._region} need its store: take a gateway of that region, "
            "or have the operator name the store in PRINTBUS_REGION_DOCUMENTS.",
        )
