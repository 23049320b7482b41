"""A small printer that understands as much ESC/POS as we send: what comes out of it."""

import struct
from dataclasses import dataclass, field

from PIL import Image


@dataclass
class Paper:
    """The raster rows as they came, and everything else in its order."""

    rows: list[bytes] = field(default_factory=list)
    width: int = 0
    events: list[str] = field(default_factory=list)

    @property
    def image(self) -> Image.Image:
        """What is seen: black on white."""
        data = bytes(255 - byte for row in self.rows for byte in row)
        return Image.frombytes("1", (self.width, len(self.rows)), data)


def printed(data: bytes) -> Paper:
    """Read a whole job. Fails on anything that is not known: it would be printed as rubbish."""
    paper, place = Paper(), 0
    while place < len(data):
        place += _one(paper, data[place:])
    return paper


def _one(paper: Paper, rest: bytes) -> int:
    """One command; how many bytes it has (Epson's ESC/POS reference)."""
    if rest.startswith(b"\x1b@"):
        paper.events.append("reset")
        return 2
    if rest.startswith(b"\x1dv0"):
        across, down = struct.unpack_from("<HH", rest, 4)
        paper.width = across * 8
        paper.rows += [rest[8 + row * across : 8 + (row + 1) * across] for row in range(down)]
        if paper.events[-1:] != ["raster"]:
            paper.events.append("raster")
        return 8 + across * down
    if rest.startswith(b"\x1dV"):
        paper.events.append({0: "full", 1: "partial", 65: "full", 66: "partial"}[rest[2]])
        return 4 if rest[2] >= 65 else 3
    if rest.startswith(b"\x1bp"):
        paper.events.append("drawer")
        return 5
    if rest.startswith(b"\x1bd"):
        paper.events.append(f"feed {rest[2]}")
        return 3
    raise AssertionError(f"an unknown command: {rest[:6]!r}")
