"""`dead`: what was given up, with its cause; and doing it again once the cause is removed."""

from argparse import ArgumentParser, Namespace
from typing import Any

from libs.contracts.dead import DeadLetter, dead_letters
from libs.contracts.ledger import LetterReplayed, ReplayLetter
from libs.contracts.message import Undecodable, decode
from libs.contracts.streams import DEAD
from libs.runtime.history import History
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, show
from services.embedded.inquiry import inquiry

SUMMARY = "list what was given up, or do it again"

#: Letters of one question to the stream.
PAGE = 500


def declare(parser: ArgumentParser) -> None:
    """`list`, `replay`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    every = actions.add_parser("list", help="list dead letters, oldest first")
    every.add_argument("--stream", default="", help="only of this stream: INTAKE, REPORTS, CONVERT, PRINT …")
    every.set_defaults(run=list_all)
    again = actions.add_parser("replay", help="apply a message again, or print a task anew that ended by it")
    again.add_argument("stream", help="the stream, as `list` shows it")
    again.add_argument("sequence", type=int, help="its sequence there")
    again.set_defaults(run=replay)
    for action in actions.choices.values():
        offer_json(action)


async def list_all(said: Namespace) -> int:
    """Where each lay, who gave it up, after how many tries, and why."""
    async with inquiry() as (bus, region):
        found = await _letters(History(bus, DEAD), dead_letters(region, said.stream or "*"))
    rows = [
        {
            "stream": letter.stream,
            "sequence": letter.sequence,
            "reader": letter.reader,
            "tries": letter.tries,
            "task": letter.task,
            "when": moment(letter.at or at),
            "cause": letter.cause,
        }
        for at, letter in found
    ]
    show(rows, as_json=said.json)
    return 0


async def replay(said: Namespace) -> int:
    """One call; the answer names the tasks."""
    async with inquiry() as (bus, region):
        letters = await _letters(History(bus, DEAD), dead_letters(region, said.stream))
        task = next((letter.task for _, letter in reversed(letters) if letter.sequence == said.sequence), "")
        question = ReplayLetter(region=region, stream=said.stream, sequence=said.sequence, task=task)
        answer: LetterReplayed = await bus.ask(question, timeout=10)
    async with office() as desk, desk.store.change() as change:
        await change.note("letter replayed", f"{said.stream} {said.sequence}", tasks=list(answer.tasks))
    named = ", ".join(answer.tasks) or "no task"
    what: dict[str, Any] = {"stream": said.stream, "sequence": said.sequence, "tasks": list(answer.tasks)}
    report(what, f"{said.stream} {said.sequence} was done again: {named}.", as_json=said.json)
    return 0


async def _letters(history: History, subject: str) -> list[tuple[int, DeadLetter]]:
    """All that are kept, with when each was stored (ms since 1970)."""
    found: list[tuple[int, DeadLetter]] = []
    after = 0
    while page := await history.after(after, subject, PAGE):
        after = page[-1].sequence
        for message in page:
            try:
                found.append((message.at, decode(DeadLetter, message.data)))
            except Undecodable:
                continue
    return found
