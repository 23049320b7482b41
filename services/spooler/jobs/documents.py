"""Where the bytes of a job are: as they came, or as its printer gets them."""

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import Format, Printable, Remote
from libs.contracts.jobs import DocumentPlace, JobView, LocateDocument
from libs.contracts.mediatypes import FORMAT, media_type_of
from libs.contracts.queries import Code
from libs.runtime.bus import Outgoing, Refused
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from services.spooler import materials
from services.spooler.desk import Desk
from services.spooler.horizon import Horizon
from services.spooler.jobs.finding import find, how, named
from services.spooler.jobs.views import has_document
from services.spooler.materials import Kept
from services.spooler.task import Task

Found = Task | JobView


class JobDocuments:
    """Answers from a look that blocks nobody; a download by whoever serves the printer is noted."""

    def __init__(self, database: Database, commit: Commit, horizon: Horizon, desk: Desk) -> None:
        self._database = database
        self._commit = commit
        self._horizon = horizon
        self._desk = desk

    async def locate_document(self, query: LocateDocument) -> DocumentPlace:
        """Raises `Refused` when there are none yet."""
        await self._horizon.reach(query.task)
        async with self._database.reading() as connection:
            found = await find(connection, query, query.user)
            kept = (await materials.kept(connection, [query.task]))[query.task]
        place = self._place(query, found, kept)
        if isinstance(found, Task) and found.fetchable_at and query.fetched_by and found.served == query.fetched_by:
            await self._note(query.task)
        return place

    def _place(self, query: LocateDocument, found: Found, kept: Kept) -> DocumentPlace:
        if not has_document(kept):
            raise Refused(Code.CONFLICT, f"{named(query)} has no document yet: upload it first.")
        fetchable = isinstance(found, Task) and found.fetchable_at > 0
        if query.printable and not fetchable:
            raise Refused(Code.CONFLICT, f"{named(query)} is not ready for its printer{_state(found)}")
        document = kept.request.document
        as_it_came = self._desk.printers.takes(found.agent, found.printer, document, kept.media_type) or not fetchable
        if kept.converted and (query.printable or not as_it_came or isinstance(document.content, Remote)):
            return _converted(kept.converted.document, document.name)
        if isinstance(document.content, Remote):
            raise Refused(Code.CONFLICT, f"{named(query)} fetches its document when it is converted{_state(found)}")
        media_type = media_type_of(document.format, kept.media_type)
        return DocumentPlace(content=document.content, media_type=media_type, name=document.name, format=document.format)

    async def _note(self, task: str) -> None:
        async def change(connection: AsyncConnection) -> list[tuple[str, Outgoing]]:
            await materials.note_download(connection, task, int(time.time() * 1000))
            return []

        await self._commit(change)


def _converted(made: Printable, name: str) -> DocumentPlace:
    """What the converter made, under the name that the document has."""
    kind = FORMAT.get(made.media_type)
    if name and kind is Format.PDF:
        name = f"{name.rpartition('.')[0] or name}.pdf"
    return DocumentPlace(content=made.content, media_type=made.media_type, name=name, format=kind)


def _state(found: Found) -> str:
    return f": {how(found)}" if isinstance(found, Task) else "."
