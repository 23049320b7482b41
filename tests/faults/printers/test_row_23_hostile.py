"""Row 23: a hostile printer."""

import asyncio
import gc
import json
import logging
import time
from dataclasses import asdict

import psutil
import pytest
from hypothesis import HealthCheck, given, settings

from libs.contracts.devices import PrinterState
from libs.ipp.errors import ClientError
from services.agent.drivers import Declined, Fault
from services.agent.drivers import ipp as driver
from services.agent.printers import connect_all
from tests.agent.orders import desk, order
from tests.faults.rig import hostile
from tests.faults.rig.ippfake import FakePrinter
from tests.waiting import until

#: Megabytes that the agent may grow by, whatever a printer answers.
GROWN = 60
#: How many ways of bending an answer are tried.
EXAMPLES = 500
LIES = {
    "an attribute of 100 MB": hostile.huge(100),
    "200,000 attributes": hostile.many(200_000),
    "30,000 collections in one another": hostile.nested(30_000),
    "endless chunks": hostile.endless,
}


@pytest.mark.row(23)
@pytest.mark.timeout(200)
async def test_row_23_answers_that_are_built_to_hurt_do_not(row, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(driver, "IDLE", 0.1)
    caplog.set_level(logging.DEBUG)
    async with (
        FakePrinter("Hostile") as bad,
        FakePrinter("Good", row.history("Good")) as good,
        desk(tmp_path, bad.entry, good.entry) as at,
    ):
        await until(lambda: (bad.asked, good.asked), 10, "both were asked")
        row.did(
            "One agent with a hostile printer and a good one, which prints all the while. The hostile one answers: "
            + ", ".join(LIES)
        )
        number = 0
        for what, lie in LIES.items():
            bad.lie = lie
            gc.collect()
            before, most, slowest = _memory(), 0.0, 0.0
            await until(lambda: _reasons(at, "Hostile") == ("answers-not-understood",), 30, f"{what}: it is in quarantine")
            asked = len(bad.asked)
            for _ in range(10):
                number += 1
                begun = time.monotonic()
                await at.give(order(number, printer="Good"))
                await at.told("TaskPrinted", number)
                slowest = max(slowest, time.monotonic() - begun)
                most = max(most, _memory() - before)
            assert most < GROWN, (what, most)
            row.saw(
                f"{what}: quarantined (device state unreachable, reason answers-not-understood); the agent grew by "
                f"{max(most, 0):.0f} MB at most, asked it {len(bad.asked) - asked} times more during the ten tasks of the good "
                f"printer, the slowest of which took {slowest * 1000:.0f} ms."
            )
            bad.lie = None
            monkeypatch.setattr(driver, "QUARANTINE", 0.2)
            await until(lambda: _reasons(at, "Hostile") == (), 30, "it is trusted again")
            monkeypatch.undo()
            monkeypatch.setattr(driver, "IDLE", 0.1)
        await at.give(order(1000, printer="Hostile"))
        await at.told("TaskPrinted", 1000)
        row.saw("When it answers IPP again, it is trusted again and prints.")

        bad.lie = hostile.nasty
        await until(lambda: at.shop.devices and _device(at, "Hostile").state is PrinterState.IDLE and bad.asked, 10)
        await asyncio.sleep(0)
        asked = len(bad.asked)
        await until(lambda: len(bad.asked) > asked + 2, 10, "it was looked at")
        shown = json.dumps(asdict(_device(at, "Hostile")), default=str, ensure_ascii=False)
        assert shown.isprintable(), shown
        assert _device(at, "Hostile").capabilities.max_copies >= 1
        logged = [line for line in caplog.text.splitlines() if "\x1b" in line or "\u2028" in line or "\x00" in line]
        assert not logged
        row.saw(
            "Line feeds, escapes, characters that turn the direction of writing, negative numbers: none of it is in what the "
            "agent tells or logs; numbers are within their bounds."
        )


@pytest.mark.row(23)
@pytest.mark.timeout(200)
def test_row_23_fuzzed_answers_are_an_answer_or_an_error_and_nothing_else(row, tmp_path):
    count = {"answers": 0, "refused": 0}
    with asyncio.Runner() as runner:
        printer = FakePrinter("Fuzzed")
        runner.run(printer.__aenter__())
        at = next(iter(connect_all([printer.entry]).values()))

        async def ask(bend) -> None:
            printer.lie = hostile.lying(bend)
            for question in (at._learn, at._look, lambda: at._jobs._find(order_of()), lambda: at._client.create_job(name="x")):
                count["answers"] += 1
                try:
                    await question()
                except (ClientError, Fault, Declined):
                    count["refused"] += 1
            seen = json.dumps(asdict(at.seen), default=str, ensure_ascii=False)
            assert seen.isprintable()
            assert len(seen) < 300_000
            assert 1 <= at.seen.capabilities.max_copies <= 9999
            await at._client.close()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(hostile.bends)
        def fuzz(bend) -> None:
            runner.run(ask(bend))

        fuzz()
        runner.run(printer.__aexit__())
    row.did(f"{EXAMPLES} ways to bend honest answers (cut, overwritten, wrong tags, lengths, numbers), for 4 questions each.")
    row.saw(
        f"{count['answers']} answers: {count['refused']} refused with an error of their own, the others read with all values "
        "within their bounds; nothing else was raised, nothing that cannot be printed was kept.",
        **count,
    )


def order_of():
    """An attempt that may be looked for in the printer's list."""

    class Attempt:
        name = "nobody.1"
        step = 10
        discarded: frozenset[int] = frozenset()

    return Attempt()


def _device(at, name: str):
    return next((each for each in at.shop.devices if each.name == name), None)


def _reasons(at, name: str) -> tuple[str, ...] | None:
    device = _device(at, name)
    return device.reasons if device else None


def _memory() -> float:
    return psutil.Process().memory_info().rss / 1024 / 1024
