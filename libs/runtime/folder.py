"""What the document store does itself where it is a folder: joining, syncing, clearing; all of it blocks."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: How `obstore` names a file while it writes it; it lists no such name, and our own have none.
_UNFINISHED = re.compile(r"#[0-9]+$")
#: Bytes that are read at once.
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """Of an object `count` bytes after the first `skip`."""

    name: str
    skip: int
    count: int


def join(folder: Path, name: str, parts: Iterable[Part]) -> tuple[int, str]:
    """Parts of files one after the other as a new file, unsynced; its length and SHA-256. Raises `FileNotFoundError`."""
    target = folder / name
    unfinished = target.with_name(f"{target.name}#0")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, length, block = hashlib.sha256(), 0, memoryview(bytearray(_BLOCK))
    try:
        with unfinished.open("wb", buffering=0) as file:
            for part in parts:
                with (folder / part.name).open("rb", buffering=0) as source:
                    source.seek(part.skip)
                    end = length + part.count
                    while length < end and (got := source.readinto(block[: end - length])):
                        digest.update(block[:got])
                        file.write(block[:got])
                        length += got
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return length, digest.hexdigest()


def sync(folder: Path, name: str) -> None:
    """The file, and every folder on the way to it: each may be as new as the file."""
    path = folder / name
    for each in (path, *(parent for parent in path.parents if parent.is_relative_to(folder))):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def clear_unfinished(folder: Path, before: float) -> int:
    """Delete files that nobody will finish, and empty folders, all older than `before` (s since 1970); how many files."""
    deleted = 0
    for path, _, files in os.walk(folder, topdown=False):
        for file in (Path(path, name) for name in files if _UNFINISHED.search(name)):
            with contextlib.suppress(FileNotFoundError):  # whoever writes it has come to the end
                if file.stat().st_mtime < before:
                    file.unlink()
                    deleted += 1
        with contextlib.suppress(OSError):  # it has something in it
            if Path(path) != folder and Path(path).stat().st_mtime < before:
                Path(path).rmdir()
    return deleted
