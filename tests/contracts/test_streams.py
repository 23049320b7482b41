"""Every message has exactly one stream, or none on purpose; every consumer reads what its name says."""

import re

import pytest

from docs.generator.schemas import messages
from libs.contracts.documents import Engine
from libs.contracts.streams import (
    CONVERT,
    CONVERT_LEASE,
    CONVERT_TRIES,
    Discard,
    Retention,
    agent_consumer,
    consumers,
    streams,
)

REGION = "local"
STREAMS = {spec.name: spec for spec in streams(REGION)}
#: design.md section 3. What is asked and what may be lost is not stored.
WHERE = {
    "intake.": "INTAKE",
    "order.convert.": "CONVERT",
    "order.print.": "PRINT",
    "order.control.": "PRINT",
    "report.": "REPORTS",
    "task.": "TASKS",
    "partner.": "TASKS",
    "device.": "DEVICES",
    "dead.": "DEAD",
    "query.": None,
    "heartbeat.": None,
}


def takes(pattern: str, subject: str) -> bool:
    """Whether a subject falls under a pattern of NATS: `*` is one token, `>` is one or more at the end."""
    wanted, tokens = pattern.split("."), subject.split(".")
    for number, each in enumerate(wanted):
        if each == ">":
            return len(tokens) > number
        if number >= len(tokens) or each not in ("*", tokens[number]):
            return False
    return len(wanted) == len(tokens)


def example(pattern: str, region: str = REGION) -> str:
    """A subject of a message's pattern."""
    return re.sub(r"\{[^}]+\}", "x", pattern.replace("{region}", region))


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
def test_a_message_falls_into_the_stream_that_was_decided_for_it(kind):
    subject = example(kind.SUBJECT)
    found = [name for name, spec in STREAMS.items() if any(takes(pattern, subject) for pattern in spec.subjects)]
    (wanted,) = [stream for beginning, stream in WHERE.items() if subject.startswith(beginning)]
    assert found == ([wanted] if wanted else [])


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
def test_a_message_names_its_region_and_its_id(kind):
    assert "{region}" in kind.SUBJECT
    subject = example(kind.SUBJECT, "eu")
    assert not [name for name, spec in STREAMS.items() if any(takes(pattern, subject) for pattern in spec.subjects)]
    if kind.SUBJECT.startswith(("report.{region}.task", "report.{region}.device", "query.", "heartbeat.")):
        assert kind.ID == "", "its publisher gives one, or nobody needs one"
    else:
        assert kind.ID


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
def test_the_words_of_a_subject_are_fields_of_its_message(kind):
    for name in re.findall(r"\{([^}.]+)", kind.SUBJECT + kind.ID):
        assert name in kind.__dataclass_fields__, f"{kind.__name__} has no {name}"


def test_no_two_streams_take_the_same_subject():
    patterns = [(name, pattern) for name, spec in STREAMS.items() for pattern in spec.subjects]
    for name, pattern in patterns:
        sample = pattern.replace(">", "x.y").replace("*", "x")
        assert [other for other, each in patterns if takes(each, sample)] == [name]


def test_what_must_not_be_forgotten_is_refused_when_its_stream_is_full():
    for name in ("INTAKE", "CONVERT", "PRINT", "REPORTS", "TASKS"):
        assert STREAMS[name].discard is Discard.NEW
    assert STREAMS["INTAKE"].max_age == 0
    assert all(spec.max_bytes > 0 for spec in STREAMS.values())


def test_only_conversions_are_a_work_queue():
    assert [name for name, spec in STREAMS.items() if spec.retention is Retention.WORKQUEUE] == ["CONVERT"]


def test_an_order_lives_as_long_as_it_may_be_taken():
    assert STREAMS["PRINT"].max_age >= 7 * 86_400


def test_every_consumer_reads_something_of_its_stream():
    for spec in (*consumers(REGION), agent_consumer(REGION, 0, "main", "agentAAA")):
        patterns = STREAMS[spec.stream].subjects
        for wanted in spec.filters:
            sample = wanted.replace(">", "x.y").replace("*", "x")
            assert any(takes(pattern, sample) for pattern in patterns), f"{spec.durable}: {wanted}"


def test_consumers_are_named_for_their_service_and_are_unlike_each_other():
    names = [spec.durable for spec in consumers(REGION)]
    assert len(names) == len(set(names))
    assert {name.split("_")[0] for name in names} <= {"spooler", "registry", "webhooks", "converter"}


def test_every_engine_has_one_consumer_whose_tries_end():
    found = {spec.durable: spec for spec in consumers(REGION) if spec.stream == CONVERT}
    assert set(found) == {f"converter_{engine}" for engine in Engine}
    assert {(spec.max_deliver, spec.ack_wait) for spec in found.values()} == {(CONVERT_TRIES, CONVERT_LEASE)}


def test_whoever_has_a_database_is_given_its_messages_for_ever():
    for spec in (*consumers(REGION), agent_consumer(REGION, 0, "main", "agentAAA")):
        assert (spec.max_deliver == -1) is (spec.stream != CONVERT)


def test_an_agents_orders_are_its_own_and_come_in_one_order():
    spec = agent_consumer(REGION, 0, "main", "agentAAA")
    for subject in ("order.print.local.0.main.agentAAA.printer", "order.control.local.0.main.agentAAA"):
        assert any(takes(pattern, subject) for pattern in spec.filters)
        for other in (subject.replace("agentAAA", "agentBBB"), subject.replace("main", "other"), subject.replace(".0.", ".1.")):
            assert not any(takes(pattern, other) for pattern in spec.filters)
