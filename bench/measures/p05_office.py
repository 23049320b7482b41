"""P5: DOCX and XLSX to PDF in steady state."""

import statistics
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

from bench.converting import converting
from bench.measure import Measure, at_least, at_most
from bench.peers import program
from bench.peers.unoserver import warm
from bench.run import Run
from demo.documents import excel, word
from libs.contracts.documents import Format

#: Documents of each kind per turn: of those that are warm, and of those that start anew.
WARM, COLD = 12, 2
#: Documents before the first turn: with the first one another lane is started, beside everything else.
SETTLING = 8
Sides = Mapping[str, Callable[[], Awaitable[float]]]
KINDS = {"DOCX": (Format.WORD, word), "XLSX": (Format.EXCEL, excel)}


def _names(kind: str) -> tuple[str, str, str, str, str]:
    """Series ours, cold, warm; goals against cold, against warm."""
    series = (f"{kind}, ours", f"{kind}, cold soffice", f"{kind}, unoserver")
    return *series, f"{kind}, time by a cold soffice's", f"{kind}, rate by unoserver's"


async def take(run: Run) -> None:
    """One document after the other; ours is rendered and finished, theirs converted."""
    folder = run.folder / "peers"
    folder.mkdir()
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(converting(run.folder / "ours"))
        uno = await stack.enter_async_context(warm(folder))
        for kind, (media_format, make) in KINDS.items():
            data = make()
            source = folder / f"sample.{kind.lower()}"
            source.write_bytes(data)
            sides: Sides = {
                "ours": lambda media_format=media_format, data=data: ours.seconds(media_format, data),  # type: ignore[misc]
                "cold": lambda source=source: program.seconds(*program.soffice(folder, source)),  # type: ignore[misc]
                "warm": lambda source=source: uno.seconds(source),  # type: ignore[misc]
            }
            await _take_turns(run, kind, sides)
    run.note("One document after the other; lanes have their default settings. unoserver opens documents hidden, see its module.")


async def _take_turns(run: Run, kind: str, sides: Sides) -> None:
    """Ours and unoserver document by document, so that both share what else the machine does; then a cold one."""
    both = {side: sides[side] for side in ("ours", "warm")}
    cold = {"cold": sides["cold"]}
    await _middles(both, run.scale(SETTLING, 2))  # what starts with the first documents is not part of a steady state
    await _middles(cold, 2)
    ours, anew, uno, by_cold, by_warm = _names(kind)
    series = {"ours": ours, "cold": anew, "warm": uno}
    for _ in range(run.rounds):
        taken = {**await _middles(both, run.scale(WARM, 2)), **await _middles(cold, COLD)}
        for side, middle in taken.items():
            run.record(series[side], "s", middle)
            if side != "cold":
                run.record(f"{series[side]}, rate", "documents/s", 1 / middle)
    run.compare(by_cold, ours, anew)
    run.compare(by_warm, f"{ours}, rate", f"{uno}, rate")


async def _middles(sides: Sides, count: int) -> dict[str, float]:
    """The median of so many documents on each of these sides, one after the other."""
    seen: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(count):
        for side in sorted(sides, reverse=number % 2 == 1):  # nobody always comes after the same one
            seen[side].append(await sides[side]())
    return {side: statistics.median(values) for side, values in seen.items()}


MEASURE = Measure(
    number="P5",
    title="DOCX and XLSX to PDF, steady state",
    against="a cold soffice --convert-to pdf, and a bare warm unoserver",
    expected=90,
    take=take,
    goals=tuple(goal for kind in KINDS for goal in (at_most(_names(kind)[3], 0.15), at_least(_names(kind)[4], 0.9))),
)
