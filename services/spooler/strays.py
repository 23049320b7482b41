"""Objects of the document store that belong to nobody: of tasks that are not there, and uploads that nobody can need any more.

Pieces of an upload session lie in a folder of their own, `<tenant>/<task>/<upload>/<piece>`; a session lives for an hour.
"""

from collections.abc import Iterable

from libs.contracts.documents import UPLOAD, UPLOAD_VALID
from libs.runtime.database import Database
from libs.runtime.documents import Documents
from services.spooler import store

#: How old an object must be, in ms: its task may still be on its way here.
AGE = 86_400_000
#: Folders that are looked up at once: a store may hold millions.
CHUNK = 500


class Strays:
    """One sweep; the listing is never held whole."""

    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents
        self._waiting: int | None = None

    async def sweep(self, now: int) -> int:
        """Delete what is stray at `now` (ms since 1970), and what was never stored whole; how many folders were stray."""
        gone = 0
        old: dict[str, str] = {}
        uploads: dict[str, tuple[str, int]] = {}
        sessions: set[tuple[str, str]] = set()
        async for found in self._documents.list():
            tenant, _, rest = found.name.partition("/")
            folder, _, inside = rest.partition("/")
            if not folder or found.at >= now - AGE:
                continue
            if "/" in inside:
                sessions.add((tenant, f"{folder}/{inside.partition('/')[0]}"))
            elif folder.startswith(UPLOAD):
                uploads[folder] = (tenant, found.at)
            else:
                old[folder] = tenant
            if len(old) >= CHUNK:
                gone += await self._delete_tasks(old)
                old = {}
            if len(uploads) >= CHUNK:
                gone += await self._delete_uploads(uploads, now)
                uploads = {}
            if len(sessions) >= CHUNK:
                gone += await self._delete(sessions)
                sessions = set()
        gone += await self._delete(sessions)
        gone += await self._delete_tasks(old) + await self._delete_uploads(uploads, now)
        await self._documents.clear_unfinished(now - AGE)
        return gone

    async def _delete_tasks(self, folders: dict[str, str]) -> int:
        async with self._database.reading() as connection:
            known = await store.existing(connection, folders)
        return await self._delete((tenant, folder) for folder, tenant in folders.items() if folder not in known)

    async def _delete_uploads(self, uploads: dict[str, tuple[str, int]], now: int) -> int:
        """An upload belongs to no task: any that was accepted while it was valid may still have to read it."""
        over = {folder: found for folder, found in uploads.items() if found[1] + UPLOAD_VALID + AGE < now}
        if not over:
            return 0
        if self._waiting is None:
            async with self._database.reading() as connection:
                self._waiting = await store.oldest_unread(connection) or now
        oldest = self._waiting
        return await self._delete((tenant, folder) for folder, (tenant, at) in over.items() if at + UPLOAD_VALID < oldest)

    async def _delete(self, folders: Iterable[tuple[str, str]]) -> int:
        deleted = 0
        for tenant, folder in folders:
            await self._documents.delete(f"{tenant}/{folder}")
            deleted += 1
        return deleted
