"""The agent is killed between each pair of its journal's steps, for each driver; what is on paper decides."""

import json
import multiprocessing
import signal
from collections import Counter
from pathlib import Path

import pytest

from demo.printers.cupsd import PrivateCupsd
from libs.contracts.message import encode
from libs.ipp.client import Client
from services.agent.crashpoints import CRASHPOINTS
from tests.agent.crash import live
from tests.agent.drivers.device import Device
from tests.agent.orders import order, task
from tests.waiting import until

TASKS = 3
#: Points that each driver passes, with the passing at which to die: the second task's, so that there is one before and after.
COMMON = ("agent-before-taken:1", "agent-after-taken:1", "agent-after-acknowledged:1")
ENDS = ("agent-before-done:2", "agent-after-done:2", "agent-after-reported:2")


#: Processes are forked from one that has everything imported: a life takes a moment, and dies alone.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.agent.crash"])


async def run(folder: Path, point: str, printer: str, uri: str, *, large: bool = False) -> int:
    """One life of the agent; its exit code."""
    orders = folder / "orders"
    content = b"%PDF-1.4\n" + bytes(range(256)) * (1200 if large else 4)
    orders.write_bytes(b"\n".join(encode(order(number, printer=printer, data=content)) for number in range(1, TASKS + 1)))
    process = CONTEXT.Process(target=live, args=(folder, point, orders, uri), daemon=True)
    process.start()
    try:
        await until(lambda: process.exitcode is not None, within=90, what=f"the end of the agent at {point or 'its work'}")
    finally:
        process.kill()
    assert process.exitcode in (0, -signal.SIGKILL), (folder / "log").read_text()
    return process.exitcode


def told(folder: Path) -> dict[str, list[str]]:
    """The kinds of reports of each task, each report once by its id: what the spooler makes of them."""
    seen, kinds = set(), {}
    for line in (folder / "reports").read_text().splitlines():
        entry = json.loads(line)
        if entry["id"] not in seen:
            seen.add(entry["id"])
            kinds.setdefault(entry["report"]["task"], []).append(entry["report"]["kind"])
    return kinds


async def crash_and_recover(folder: Path, point: str, printer: str, uri: str, *, large: bool = False) -> dict[str, list[str]]:
    assert await run(folder, point, printer, uri, large=large) == -signal.SIGKILL, f"{point} was never passed"
    assert await run(folder, "", printer, uri, large=large) == 0
    kinds = told(folder)
    for number in range(1, TASKS + 1):
        assert kinds[task(number)][0] == "TaskTaken"
        assert Counter(kinds[task(number)])["TaskTaken"] == 1
        ends = [kind for kind in kinds[task(number)] if kind in ("TaskPrinted", "TaskUnknown", "TaskFailed")]
        assert len(ends) == 1, kinds
    return kinds


def all_once(names: list[str]) -> None:
    assert names == [f"{task(number)}.1" for number in range(1, TASKS + 1)]


@pytest.mark.parametrize("point", [*COMMON, "agent-file-written:1", *ENDS])
async def test_a_folder_has_each_task_once_and_in_order_after_any_crash(tmp_path, point):
    kinds = await crash_and_recover(tmp_path, point, "Paper", f"file://{tmp_path}/paper?name=Paper")
    papers = sorted((tmp_path / "paper").glob("*.pdf"), key=lambda path: path.stat().st_mtime)
    assert [path.name for path in papers] == [f"{task(number)}.pdf" for number in range(1, TASKS + 1)]
    assert all(ends[-1] == "TaskPrinted" for ends in kinds.values())
    assert not list((tmp_path / "paper").glob("*.part"))


#: Every point of a printer with a job list.
LISTED = (
    *COMMON,
    "agent-before-intent:2",
    "agent-after-intent:2",
    "agent-before-releasing:2",
    "agent-after-releasing:2",
    "agent-before-released:2",
    "agent-after-released:2",
    *ENDS,
)


@pytest.mark.parametrize("point", LISTED)
async def test_an_ipp_printer_has_each_task_once_and_in_order_after_any_crash(eve, tmp_path, point):
    kinds = await crash_and_recover(tmp_path, point, "Office", f"{eve.uri}?name=Office")
    all_once([each.job_name for each in eve.documents()])
    assert all(ends[-1] == "TaskPrinted" for ends in kinds.values())


async def test_an_ipp_printer_that_got_half_a_document_prints_it_at_most_once(eve, tmp_path):
    kinds = await crash_and_recover(tmp_path, "agent-mid-document:2", "Office", f"{eve.uri}?name=Office", large=True)
    printed = Counter(each.job_name for each in eve.documents())
    assert set(printed.values()) == {1}
    for number in range(1, TASKS + 1):
        assert (kinds[task(number)][-1] == "TaskPrinted") is (f"{task(number)}.1" in printed)


@pytest.mark.parametrize(
    "point", ["agent-after-releasing:2", "agent-before-released:2", "agent-after-released:2", "agent-before-done:2"]
)
async def test_an_ipp_printer_that_forgot_its_jobs_leaves_the_outcome_unknown_and_prints_nothing_twice(eve, tmp_path, point):
    assert await run(tmp_path, point, "Office", f"{eve.uri}?name=Office") == -signal.SIGKILL
    async with Client(eve.uri) as client:
        await until(lambda: _idle(client), what="the printer is idle")
    await eve.kill()
    await eve.start()
    assert await run(tmp_path, "", "Office", f"{eve.uri}?name=Office") == 0
    assert told(tmp_path)[task(2)][-1] == "TaskUnknown"
    assert max(Counter(each.job_name for each in eve.documents()).values()) == 1


async def _idle(client: Client) -> bool:
    return all("job-data-insufficient" in job.reasons for job in await client.get_jobs("not-completed"))


#: Every point of a printer that holds and releases.
HELD = (
    *COMMON,
    "agent-before-intent:2",
    "agent-after-intent:2",
    "agent-before-created:2",
    "agent-after-created:2",
    "agent-mid-document:2",
    "agent-before-sent:2",
    "agent-after-sent:2",
    "agent-before-releasing:2",
    "agent-after-releasing:2",
    "agent-before-released:2",
    "agent-after-released:2",
    *ENDS,
)


@pytest.mark.parametrize("point", HELD)
async def test_a_cups_queue_has_each_task_once_and_in_order_after_any_crash(tmp_path, point):
    async with PrivateCupsd() as cupsd:
        paper = await cupsd.add_paper("Paper")
        large = point.startswith("agent-mid-document")
        kinds = await crash_and_recover(tmp_path, point, "Paper", f"cups://{cupsd.server}/Paper", large=large)
        all_once([line.title for line in paper.started()])
    assert all(ends[-1] == "TaskPrinted" for ends in kinds.values())


#: Every point of a printer that says nothing, and what is told of the second task after it.
BLIND = {
    **dict.fromkeys(COMMON, "TaskPrinted"),
    "agent-before-intent:2": "TaskPrinted",
    "agent-after-intent:2": "TaskPrinted",
    "agent-before-releasing:2": "TaskPrinted",
    "agent-after-releasing:2": "TaskUnknown",
    "agent-mid-document:2": "TaskUnknown",
    "agent-before-released:2": "TaskUnknown",
    "agent-after-released:2": "TaskPrinted",
    "agent-after-done:2": "TaskPrinted",
    "agent-after-reported:2": "",  # as far as it was when the second report left
}


@pytest.mark.parametrize(("point", "end"), BLIND.items())
async def test_a_socket_gets_nothing_twice_and_what_may_have_left_is_unknown(tmp_path, point, end):
    async with Device() as device:
        kinds = await crash_and_recover(tmp_path, point, "Label", device.uri())
        assert not end or kinds[task(2)][-1] == end
        unknown = sum(each[-1] == "TaskUnknown" for each in kinds.values())  # its neighbours may have been on their way too
        whole = sum(len(job) == 1033 for job in device.jobs)
        assert TASKS - unknown <= whole <= TASKS


def test_every_crash_point_is_passed_by_some_driver():
    passed = {point.partition(":")[0] for point in (*LISTED, *HELD, *BLIND, "agent-file-written")}
    assert passed == set(CRASHPOINTS)
