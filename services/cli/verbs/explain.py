"""`explain`: why a task is where it is, in words, and what to do about it."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict

from libs.contracts.explaining import ExplainTask, Explanation
from libs.contracts.states import TERMINAL, Stage
from services.cli.terminal import moment, offer_json, report
from services.embedded.inquiry import inquiry

SUMMARY = "say why a task is where it is, and what to do"


def declare(parser: ArgumentParser) -> None:
    """The task, `--json`."""
    parser.add_argument("task", help="its id, as the answer to the submission had it")
    offer_json(parser)
    parser.set_defaults(run=run)


async def run(said: Namespace) -> int:
    """A few sentences."""
    async with inquiry() as (bus, region):
        found: Explanation = await bus.ask(ExplainTask(region=region, task=said.task), timeout=5)
    report(asdict(found), *sentences(found, int(time.time() * 1000)), as_json=said.json)
    return 0


def sentences(found: Explanation, now: int) -> list[str]:
    """What is known, one sentence for each fact that matters; `now` in ms since 1970."""
    task = found.task
    lines = [f'"{task.name}" ({task.id}) was accepted {_ago(task.created_at, now)} from {task.sn}, for {task.device}.']
    lines.append(f"It is {task.state.value} ({task.reason}); Webprinter says {task.status.value}. {task.message}".rstrip())
    if task.stage in TERMINAL:
        lines += [f"It ended {_ago(task.ended_at or 0, now)}, after {_times(task.attempt, 'print order')}."]
        if task.stage is Stage.ABORTED and 0 < task.pages_done < task.pages:
            left = f"{task.pages - task.pages_done} of its {task.pages} pages are not on paper as far as is known"
            lines += [f"What to do: {left}; retryTask with fromPage next prints them as a new task."]
    else:
        lines += [*_work(found, now), *_place(found), *_around(found), *_times_to_come(found, now)]
        lines += [f"What to do: {advice}" for advice in _advice(found)]
    if found.mismatch:
        lines.append(f"The ledger says: {found.mismatch}")
    if found.trace:
        lines.append(f"Its trace is {found.trace}.")
    return lines


def _work(found: Explanation, now: int) -> Iterator[str]:
    """The open order."""
    if found.step == "convert":
        if found.ordered_at:
            yield f"A converter ({found.engine or 'any engine'}) was asked {_ago(found.ordered_at, now)} to make it ready."
        else:
            yield f"It waits for its turn at the engine {found.engine}: others' documents are at work."
    if found.step == "print":
        yield f"Its print order {found.task.attempt} was sent to the agent {found.task.agent} {_ago(found.ordered_at, now)}."
        yield "The agent has it." if found.taken else "The agent has not taken it yet."
        if found.sent:
            yield "The printer has all of its data."
    if found.failures:
        yield f"It has failed {_times(found.failures, 'time')} at the printer."
    if found.hooks:
        yield f"Partners work on it first: {', '.join(found.hooks)}."


def _place(found: Explanation) -> Iterator[str]:
    if not found.lined:
        return
    others = {0: "nobody goes before it", 1: "one task goes before it"}.get(found.before, f"{found.before} tasks go before it")
    yield f"In the line of {found.task.device} {others}{', and the line is paused' if found.paused else ''}."


def _around(found: Explanation) -> Iterator[str]:
    """Printer and agent."""
    task = found.task
    if found.served:
        yield f"{task.device} is served by an application, which fetches its tasks itself."
        return
    if not task.agent:
        return
    if not found.agent_online:
        yield f"The agent {task.agent} is away; what it has it goes on printing, and tells it when it is back."
    elif not found.printer_state:
        yield f"The directory does not know the printer {task.device} of the agent {task.agent}."
    else:
        reasons = [each for each in found.printer_reasons if each != "none"]
        yield f"{task.device} is {found.printer_state}" + (f": {', '.join(reasons)}." if reasons else ".")


def _times_to_come(found: Explanation, now: int) -> Iterator[str]:
    task = found.task
    if found.retry_at > now:
        yield f"It is tried again at {moment(found.retry_at)}."
    if found.valid_until > now and found.step == "print" and not found.taken:
        yield f"If the agent has not taken it by {moment(found.valid_until)}, it is withdrawn and offered again."
    if task.start_at > now:
        yield f"It is to be printed from {moment(task.start_at)} on."
    if task.expires_at:
        yield f"If it is not printed by {moment(task.expires_at)}, it expires."


def _advice(found: Explanation) -> Iterator[str]:
    """What a person can do now; nothing where waiting is all there is."""
    task, away = found.task, not found.agent_online and not found.served
    if task.stage is Stage.UNKNOWN:
        yield "look at the printer, then say what is true with resolveTask (printed, reprint or give-up)."
    elif found.paused:
        yield f"resume {task.device} with resumeDevice."
    elif task.stage is Stage.RELEASE_WAIT:
        yield "release it with releaseTask, or cancel it."
    elif task.canceling:
        yield f"wait until the agent {task.agent} answers{': it is away' if away else ''}."
    elif away and task.stage not in (Stage.TRANSFORMING, Stage.HOOKED, Stage.HELD, Stage.AWAITING_DATA):
        yield f"see why the agent {task.agent} is away: `python -m services agent list`, the line of its site, its log."
    elif found.printer_state in ("stopped", "unreachable"):
        yield f"see to {task.device}; the task goes on by itself."
    elif found.step == "convert" and found.ordered_at:
        yield "if that takes minutes, see whether a converter runs: `python -m services doctor`."


def _ago(at: int, now: int) -> str:
    seconds = max(0, now - at) // 1000
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}s ago"
    return f"{seconds} seconds ago" if seconds != 1 else "a second ago"


def _times(count: int, what: str) -> str:
    return f"one {what}" if count == 1 else f"{count} {what}s"
