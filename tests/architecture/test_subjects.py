"""A message knows its subject, so no subject is written anywhere but in the contracts."""

import importlib

from libs.contracts.message import Message
from tests.architecture.source import modules, strings


def kinds() -> list[type[Message]]:
    """Every message class of the contracts."""
    for module in modules("libs/contracts"):
        importlib.import_module(module.name)
    found, waiting = [], [Message]
    while waiting:
        children = waiting.pop().__subclasses__()
        found += children
        waiting += children
    return found


def beginnings() -> tuple[str, ...]:
    """How a subject begins, up to its first variable token, and how a pattern over one kind of subjects begins."""
    subjects = [kind.SUBJECT for kind in kinds() if kind.SUBJECT]
    return tuple(sorted({subject.split("{")[0] for subject in subjects}))


def test_there_are_messages_to_look_for():
    assert {"intake.", "order.print.", "task.end."} <= set(beginnings())


def test_subjects_are_written_in_the_contracts_only():
    literal = beginnings()
    bare = {f"{beginning.split('.')[0]}." for beginning in literal}
    found = [
        f"{module.path}:{line} writes the subject {text!r}"
        for module in modules()
        if not module.name.startswith("libs.contracts")
        for text, line in strings(module)
        if (text.startswith(literal) or text in bare) and not any(letter.isspace() for letter in text)
    ]
    assert found == []


def test_streams_take_every_message_that_must_not_be_lost():
    from libs.contracts.streams import streams  # noqa: PLC0415 - after the messages, as the services do

    stored = [subject.removesuffix(">") for stream in streams("local") for subject in stream.subjects]
    for kind in kinds():
        subject = kind.SUBJECT.replace("{region}", "local")
        if subject and not subject.startswith(("query.", "heartbeat.", "tick.")):
            assert any(subject.startswith(beginning) for beginning in stored), f"no stream stores {kind.__name__} ({subject})"
