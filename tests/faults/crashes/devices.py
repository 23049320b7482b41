"""The four kinds of printers that an agent is killed at: where each is, and what lies on its paper."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.printers.cupsd import PrivateCupsd
from tests.agent.drivers.device import Device
from tests.printers import eve_printer


@dataclass(frozen=True)
class Kind:
    """A printer; `paper` are the names of what was printed, in order (of a device that knows no names: its whole documents)."""

    name: str
    uri: str
    paper: Callable[[], list[str]]


@asynccontextmanager
async def device(kind: str, folder: Path) -> AsyncIterator[Kind]:
    """One of `file`, `ipp`, `cups` and `socket`."""
    if kind == "file":
        yield Kind("Paper", f"file://{folder}/paper?name=Paper", lambda: _files(folder / "paper"))
    elif kind == "ipp":
        async with eve_printer(folder) as eve:
            yield Kind("Office", f"{eve.uri}?name=Office", lambda: [each.job_name for each in eve.documents()])
    elif kind == "cups":
        async with PrivateCupsd() as cupsd:
            paper = await cupsd.add_paper("Paper")
            yield Kind("Paper", f"cups://{cupsd.server}/Paper", lambda: [line.title for line in paper.started()])
    else:
        async with Device() as sink:
            yield Kind("Label", sink.uri(), lambda: ["whole" for job in sink.jobs if len(job) == 1033])


def _files(folder: Path) -> list[str]:
    papers = sorted(folder.glob("*.pdf"), key=lambda path: path.stat().st_mtime_ns)
    return [f"{path.stem}.1" for path in papers]
