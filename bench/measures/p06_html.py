"""P6: an HTML label to PDF in steady state."""

import statistics
from contextlib import AsyncExitStack

from bench.converting import converting
from bench.measure import Measure, at_most
from bench.peers import program
from bench.run import Run
from libs.contracts.documents import Format

WARM, COLD = 10, 2
_BARS = "".join(f'<rect x="{number * 2}mm" width="{1 + number % 3 / 2}mm" height="15mm"/>' for number in range(40))
LABEL = f"""<!doctype html><meta charset="utf-8"><style>
  @page {{ size: 100mm 60mm; margin: 4mm }}
  body {{ font: 12pt sans-serif; margin: 0 }} b {{ font-size: 20pt }} td {{ padding-right: 4mm }}
</style><b>Order 4711</b><table><tr><td>To</td><td>Anna Example, 1 Long Street, 12345 Town</td></tr>
<tr><td>Weight</td><td>2.5 kg</td></tr></table><svg width="80mm" height="15mm">{_BARS}</svg>"""
OURS, FULL, SHELL = "ours", "cold chromium", "cold chromium-headless-shell"
BY_FULL, BY_SHELL = "time by a cold chromium's", "time by a cold chromium-headless-shell's"


async def take(run: Run) -> None:
    """One label after the other on each side."""
    folder = run.folder / "peers"
    folder.mkdir()
    source = folder / "label.html"
    source.write_text(LABEL)
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(converting(run.folder / "ours"))
        data = LABEL.encode()

        async def own(_: int) -> float:
            return statistics.median([await ours.seconds(Format.HTML, data) for _ in range(run.scale(WARM, 2))])

        async def cold(name: str) -> float:
            return statistics.median(
                [await program.seconds(*program.chromium(name, folder, source)) for _ in range(run.scale(COLD, 1))]
            )

        for warm in (own(0), cold("chromium"), cold("chromium-headless-shell")):
            await warm
        sides = {OURS: own, FULL: lambda _: cold("chromium"), SHELL: lambda _: cold("chromium-headless-shell")}
        await run.turns(dict.fromkeys(sides, "s"), sides)
    run.note(
        "A label of 100 x 60 mm with a table and a drawing. Cold browsers have a profile already, and no sandbox; ours has one."
    )
    run.compare(BY_FULL, OURS, FULL)
    run.compare(BY_SHELL, OURS, SHELL)


MEASURE = Measure(
    number="P6",
    title="an HTML label to PDF, steady state",
    against="a cold chromium --print-to-pdf, and a cold chromium-headless-shell",
    expected=60,
    take=take,
    goals=(at_most(BY_FULL, 0.1), at_most(BY_SHELL, 0.4)),
)
