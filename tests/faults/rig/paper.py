"""What lies on the paper of all printers, for the histories: every sheet is noted, whoever printed it."""

import hashlib
from pathlib import Path

from demo.printers.eve import EvePrinter
from tests.faults.rig.history import History


def note_folder(history: History, folder: Path) -> list[str]:
    """The papers of a file printer, whose names are `<task>.pdf`, and `<task>.<attempt>.pdf` from the second attempt on.

    The tasks, in the order of printing; unfinished files are no paper.
    """
    papers = sorted((path for path in folder.glob("*.pdf")), key=lambda path: path.stat().st_mtime_ns)
    return [_note(history, path.stem, path.read_bytes()) for path in papers]


def note_eve(history: History, printer: EvePrinter) -> list[str]:
    """The papers of an `ippeveprinter`, whose jobs are named `<task>.<attempt>`; the tasks, in the order of printing."""
    return [_note(history, each.job_name, each.path.read_bytes()) for each in printer.documents()]


def note_bytes(history: History, name: str, data: bytes) -> str:
    """One paper of any other device, by the name that it was given (`<task>.<attempt>`, or the task); the task."""
    return _note(history, name, data)


def _note(history: History, name: str, data: bytes) -> str:
    task, _, attempt = name.partition(".")
    history.note("paper", task=task, attempt=int(attempt or 1), bytes=hashlib.sha256(data).hexdigest())
    return task
