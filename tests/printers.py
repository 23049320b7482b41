"""The printers of `demo/printers` as tests start them: `async with eve_printer(tmp_path) as printer: ...`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from demo.printers.cupsd import PrivateCupsd
from demo.printers.eve import OFFICE, EvePrinter


@asynccontextmanager
async def eve_printer(folder: Path, name: str = "Office", *, attributes: Path = OFFICE) -> AsyncIterator[EvePrinter]:
    """An `ippeveprinter` with its files in a folder of its own below `folder`, switched off and gone afterwards."""
    home = folder / f"printer-{name}"
    home.mkdir()
    async with EvePrinter(home, name=name, attributes=attributes) as printer:
        yield printer


@asynccontextmanager
async def private_cupsd(*, backends: tuple[Path, ...] = ()) -> AsyncIterator[PrivateCupsd]:
    """A `cupsd` of its own, with no queue yet: `paper = await cupsd.add_paper("Office")`."""
    async with PrivateCupsd(backends=backends) as cupsd:
        yield cupsd
