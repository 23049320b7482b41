"""The document store: bytes by name in a folder or in an object store, streamed, with length and SHA-256 checked."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

from libs.runtime import folder
from libs.runtime.folder import Part

CHUNK = 256 * 1024
#: Bytes of one part of a streamed object; object stores want at least 5 MB.
PART = 5 * 1024 * 1024


class Missing(Exception):
    """There is no such object (any more)."""


class Damaged(Exception):
    """The bytes are not those that were stored: length or SHA-256 differ."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object in a listing: its name, its size in bytes, and when it was stored, in ms since 1970."""

    name: str
    size: int
    at: int


class Documents:
    """Objects named `<tenant>/<task>/<role>`. A folder's objects are on disk, synced, before `put` returns."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self._folder: Path | None = None
        self._store: Any
        if "://" in url:
            self._store = from_url(url)
        else:
            self._folder = (Path(url) if url else data_dir / "documents").absolute()
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store = LocalStore(self._folder, automatic_cleanup=True)

    @property
    def signs(self) -> bool:
        """Whether the store signs addresses itself; a folder's documents go through the gateway."""
        return self._folder is None

    async def put(self, name: str, data: bytes) -> tuple[int, str]:
        """Store bytes; returns their length and SHA-256. Raises `ValueError` for a name that is none."""
        _check(name)
        await obstore.put_async(self._store, name, data)
        await self._sync(name)
        digest = hashlib.sha256(data) if len(data) <= CHUNK else await asyncio.to_thread(hashlib.sha256, data)
        return len(data), digest.hexdigest()

    async def put_file(self, name: str, path: Path) -> tuple[int, str]:
        """Store a file, streamed; returns its length and SHA-256. Raises `ValueError` for a name that is none."""
        _check(name)
        size, digest = await asyncio.to_thread(_measure, path)
        await obstore.put_async(self._store, name, path)
        await self._sync(name)
        return size, digest

    async def copy(self, name: str, target: str) -> None:
        """Store an object once more under another name. Raises `Missing`, and `ValueError` for a name that is none."""
        _check(name)
        _check(target)
        try:
            await obstore.copy_async(self._store, name, target)
        except FileNotFoundError:
            raise Missing(name) from None
        if self._folder:  # the same bytes under two names have one time: that of the younger
            await asyncio.to_thread(os.utime, self._folder / target)
        await self._sync(target)

    async def put_stream(self, name: str, pieces: AsyncIterator[bytes], *, summed: bool = True) -> tuple[int, str]:
        """Store what comes, never whole in memory; returns its length and SHA-256. When `pieces` raises, nothing is left.

        Not `summed`, there is no SHA-256. Raises what `pieces` raises, and `ValueError` for a name that is none.
        """
        _check(name)
        digest, length = hashlib.sha256(), 0

        async def measured() -> AsyncIterator[bytes]:
            nonlocal length
            async for piece in pieces:
                if summed:
                    digest.update(piece)
                length += len(piece)
                yield piece

        await obstore.put_async(self._store, name, measured(), use_multipart=True, chunk_size=PART, max_concurrency=2)
        await self._sync(name)
        return length, digest.hexdigest() if summed else ""

    async def join(self, name: str, parts: Sequence[Part]) -> tuple[int, str]:
        """Store parts of other objects one after the other as one, which stay; returns its length and SHA-256.

        Raises `Missing` when one is not there, and `ValueError` for a name that is none.
        """
        for each in (name, *(part.name for part in parts)):
            _check(each)
        if self._folder is None:
            return await self.put_stream(name, self._parts(parts))
        try:
            made = await asyncio.to_thread(folder.join, self._folder, name, parts)
        except FileNotFoundError:
            raise Missing(name) from None
        await self._sync(name)
        return made

    async def _parts(self, parts: Sequence[Part]) -> AsyncIterator[bytes]:
        for part in parts:
            skip, left = part.skip, part.count
            async for data in self.stream(part.name):
                piece = data[skip : skip + left]
                skip = max(0, skip - len(data))
                left -= len(piece)
                if piece:
                    yield piece
                if not left:
                    break

    async def size(self, name: str) -> int:
        """The length of an object in bytes. Raises `Missing`."""
        _check(name)
        try:
            return int((await obstore.head_async(self._store, name))["size"])
        except FileNotFoundError:
            raise Missing(name) from None

    async def get(self, name: str) -> bytes:
        """A whole object: for small ones. Raises `Missing`."""
        found = await self._found(name)
        return bytes(await found.bytes_async())

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        """An object in pieces. Raises `Missing` at the first."""
        found = await self._found(name)
        async for piece in found.stream(min_chunk_size=CHUNK):
            yield bytes(piece)

    async def fetch(self, name: str, size: int, sha256: str, target: Path) -> None:
        """An object into a file, checked. Raises `Missing` or `Damaged`; then there is no file."""
        digest, length = hashlib.sha256(), 0
        found = await self._found(name)
        with await asyncio.to_thread(target.open, "wb") as file:
            async for piece in found.stream(min_chunk_size=CHUNK):
                digest.update(piece)
                length += len(piece)
                await asyncio.to_thread(file.write, bytes(piece))
        if length != size or digest.hexdigest() != sha256:
            await asyncio.to_thread(target.unlink)
            raise Damaged(name)

    async def address(self, name: str, seconds: float) -> str:
        """An address signed by the store itself; only when `signs`."""
        return str(await obstore.sign_async(self._store, "GET", name, timedelta(seconds=seconds)))

    async def delete(self, prefix: str) -> int:
        """Delete all objects below `prefix` (`<tenant>/<task>`); how many there were. Raises `ValueError` for an empty one."""
        _check(prefix)
        names = [found.name async for found in self.list(prefix)]
        if names:
            await obstore.delete_async(self._store, names)
        return len(names)

    async def discard(self, name: str) -> None:
        """Delete one object, if it is there. Raises `ValueError` for a name that is none."""
        _check(name)
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)

    async def list(self, prefix: str = "") -> AsyncIterator[Found]:
        """Objects below `prefix`."""
        async for page in obstore.list(self._store, prefix or None):
            for item in page:
                at = item["last_modified"] or datetime.now(UTC)
                yield Found(str(item["path"]), int(item["size"]), int(at.timestamp() * 1000))

    async def clear_unfinished(self, before: int) -> int:
        """Delete what writers left that were killed in the middle, and empty folders, all older than `before` (ms since 1970).

        Returns how many files. Object stores clear unfinished uploads by a lifecycle rule of their own.
        """
        return await asyncio.to_thread(folder.clear_unfinished, self._folder, before / 1000) if self._folder else 0

    async def _found(self, name: str) -> Any:
        _check(name)
        try:
            return await obstore.get_async(self._store, name)
        except FileNotFoundError:
            raise Missing(name) from None

    async def _sync(self, name: str) -> None:
        if self._folder:
            await asyncio.to_thread(folder.sync, self._folder, name)


def _check(name: str) -> None:
    """Names are made of our own ids; one that is not must not reach another task's objects, or the rest of the disk."""
    if not all(part.strip(".") and part.isprintable() and "\\" not in part for part in name.split("/")):
        raise ValueError("a document's name is <tenant>/<task>/<role>, each of letters and digits")


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return path.stat().st_size, digest.hexdigest()
