"""A stream's files on one server's disk, as the fault finds them: the newest block, cut, flipped or gone."""

from pathlib import Path


def newest(store: Path, stream: str) -> Path:
    """The block that a stream writes into now."""
    found = sorted(store.rglob(f"streams/{stream}/msgs/*.blk"), key=lambda path: int(path.stem))
    assert found, f"{stream} has no block in {store}"
    return found[-1]


def index(store: Path, stream: str) -> Path:
    """What the server wrote down of the stream's state, to start faster (only there once it ended well)."""
    return newest(store, stream).with_name("index.db")


def cut(path: Path, size: int) -> int:
    """Leave so many bytes; how many are gone."""
    before = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size)
    return before - size


def flip(path: Path, at: int) -> None:
    """Turn one bit of one byte around."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))
