"""P5: DOCX and XLSX to PDF in steady state."""

import statistics
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from bench.converting import converting
from bench.measure import Measure, at_least, at_most
from bench.peers import program
from bench.peers.unoserver import warm
from bench.run import Run
from demo.documents import excel, word
from libs.contracts.documents import Format

#: Documents of each kind per turn: of those that are warm, and of those that start anew.
WARM, COLD = 8, 2
KINDS = {"DOCX": (Format.WORD, word), "XLSX": (Format.EXCEL, excel)}


def _names(kind: str) -> tuple[str, str, str, str, str]:
    """Series ours, cold, warm; goals against cold, against warm."""
    series = (f"{kind}, ours", f"{kind}, cold soffice", f"{kind}, unoserver")
    return *series, f"{kind}, time by a cold soffice's", f"{kind}, rate by unoserver's"


async def take(run: Run) -> None:
    """One document after the other on each side; ours is rendered and finished, theirs converted."""
    folder = run.folder / "peers"
    folder.mkdir()
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(converting(run.folder / "ours"))
        uno = await stack.enter_async_context(warm(folder))
        for kind, (media_format, make) in KINDS.items():
            data = make()
            source = folder / f"sample.{kind.lower()}"
            source.write_bytes(data)
            sides: dict[str, tuple[int, Callable[[], Awaitable[float]]]] = {
                "ours": (WARM, lambda media_format=media_format, data=data: ours.seconds(media_format, data)),  # type: ignore[misc]
                "cold": (COLD, lambda source=source: program.seconds(*program.soffice(folder, source))),  # type: ignore[misc]
                "warm": (WARM, lambda source=source: uno.seconds(source)),  # type: ignore[misc]
            }
            await _take_turns(run, kind, sides)
    run.note("One document after the other; lanes have their default settings. unoserver opens documents hidden, see its module.")


async def _take_turns(run: Run, kind: str, sides: dict[str, tuple[int, Callable[[], Awaitable[float]]]]) -> None:
    for _, convert in sides.values():  # what starts with the first document is not part of a steady state
        await convert()
        await convert()

    async def middle(side: str) -> float:
        count, convert = sides[side]
        return statistics.median([await convert() for _ in range(run.scale(count, 2))])

    ours, cold, uno, by_cold, by_warm = _names(kind)
    for _ in range(run.rounds):
        for series, side in ((ours, "ours"), (cold, "cold"), (uno, "warm")):
            taken = await middle(side)
            run.record(series, "s", taken)
            if side != "cold":
                run.record(f"{series}, rate", "documents/s", 1 / taken)
    run.compare(by_cold, ours, cold)
    run.compare(by_warm, f"{ours}, rate", f"{uno}, rate")


MEASURE = Measure(
    number="P5",
    title="DOCX and XLSX to PDF, steady state",
    against="a cold soffice --convert-to pdf, and a bare warm unoserver",
    expected=90,
    take=take,
    goals=tuple(goal for kind in KINDS for goal in (at_most(_names(kind)[3], 0.15), at_least(_names(kind)[4], 0.9))),
)
