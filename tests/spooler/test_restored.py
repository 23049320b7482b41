"""After a restore: what was open is held, what comes from before is held, and somebody's word lets each go on."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select

from libs.contracts.message import encode
from libs.contracts.queries import Outcome, ReleaseTask, ResolveTask
from libs.contracts.reports import TaskPrinted, TaskPrinting, TaskTaken
from libs.contracts.states import Stage
from libs.contracts.streams import CONVERT, PRINT
from libs.contracts.tasks import PrinterRef
from libs.runtime.reader import Incoming
from services.spooler import restored, tables
from services.spooler.rules.restoring import HELD, RELEASED
from tests.spooler.deciding import deciding
from tests.spooler.making import AGENT, PLACE, PRINTER, converted, request, submission

OWN = {"region": "local", "tenant": "main", "sn": AGENT}
LATER = int(time.time() * 1000) + 3_600_000


@pytest.fixture
async def spooler(tmp_path, database_url):
    async with deciding(tmp_path, database_url) as made:
        yield made


def name(number):
    return request(number).id


def report(kind, number, attempt=1, **fields):
    return kind(**PLACE, task=name(number), attempt=attempt, **fields)


async def stages(spooler, *numbers):
    return [(await spooler.task(name(number))).stage for number in numbers]


async def restart(spooler):
    """As a term begins; everything that was accepted up to now is from before the restore."""
    return await restored.hold(spooler.database, spooler.commit, spooler.desk)


async def test_without_a_restore_nothing_is_held(spooler):
    await spooler.submit(submission(request(1)))
    assert await restart(spooler) == 0
    assert await stages(spooler, 1) == [Stage.TRANSFORMING]


async def test_whatever_may_go_on_waits_for_somebody_and_nothing_is_sent(spooler):
    await spooler.submit(submission(*(request(number) for number in range(1, 61))))
    await spooler.report(*(converted(name(number)) for number in range(1, 60)))
    await spooler.report(report(TaskTaken, 1), report(TaskPrinting, 1), report(TaskTaken, 2), report(TaskPrinted, 2))
    await spooler.submit(submission(request(61, hold=True), request(62, start_at=LATER)))
    await spooler.report(converted(name(61)))
    spooler.taken(PRINT), spooler.taken(CONVERT), spooler.taken()
    async with spooler.database.transaction() as connection:
        left = {"subject": "x", "message_id": "x", "headers": "", "data": b""}
        await connection.execute(insert(tables.outbox), [{"stream": stream, **left} for stream in (PRINT, CONVERT)])

    assert await restored.note(spooler.database, int(time.time() * 1000)) == 61
    assert await restart(spooler) == 61
    assert await stages(spooler, 1, 2, 30, 59, 60) == [
        Stage.UNKNOWN, Stage.COMPLETED, Stage.UNKNOWN, Stage.UNKNOWN, Stage.UNKNOWN,
    ]  # fmt: skip
    assert await stages(spooler, 61, 62) == [Stage.RELEASE_WAIT, Stage.TRANSFORMING]
    assert (await spooler.task(name(30))).message == HELD
    assert (await spooler.task(name(61))).message == RELEASED
    assert not spooler.taken(PRINT)
    async with spooler.database.reading() as connection:
        assert (await connection.execute(select(tables.outbox.c.stream))).scalars().all() == [CONVERT]
        assert (await connection.execute(select(func.count()).where(tables.task.c.lined))).scalar() == 0

    assert await restart(spooler) == 0, "a second term has nothing to do"
    await spooler.handlers.on_start()
    await spooler.tick(ahead=7 * 86_400_000)
    assert not spooler.taken(PRINT)


async def test_what_the_bus_brings_from_before_is_held_and_what_comes_after_prints(spooler):
    at = int(time.time() * 1000)
    await restored.note(spooler.database, at)
    await restart(spooler)

    async def taken_in(number, stored, **changes):
        submitted = submission(request(number, **changes))
        message = Incoming(number, submitted.subject, encode(submitted), {}, stored)
        await spooler.commit(lambda connection: spooler.handlers.on_intake(connection, [message]))

    await taken_in(1, at)
    await taken_in(2, at + 1, created_at=at + 1)
    await taken_in(3, at, hold=True)
    await taken_in(4, at, start_at=LATER)
    assert await stages(spooler, 1, 2, 3, 4) == [Stage.UNKNOWN, *[Stage.TRANSFORMING] * 3]
    assert spooler.told() == ["NewTask", "UpdateTaskStatus", "NewTask", "NewTask", "NewTask"]
    await spooler.ask(ResolveTask(**OWN, task=name(1), outcome=Outcome.PRINTED))
    await taken_in(1, at)
    assert await stages(spooler, 1) == [Stage.COMPLETED], "read once more, it is known"


@pytest.mark.parametrize("known", [False, True])
async def test_what_another_region_accepted_before_is_held_but_for_what_it_accepted_since_the_loss(spooler, known):
    at = int(time.time() * 1000)
    await restored.note(spooler.database, at, at - 1000 if known else 0)
    await restart(spooler)
    for number, accepted in ((1, at - 1001), (2, at - 999), (3, at + 1)):
        submitted = submission(request(number, created_at=accepted))
        message = Incoming(number, submitted.subject, encode(submitted), {}, at + 5000)
        await spooler.commit(lambda connection, message=message: spooler.handlers.on_intake(connection, [message]))
    since = Stage.TRANSFORMING if known else Stage.UNKNOWN
    assert await stages(spooler, 1, 2, 3) == [Stage.UNKNOWN, since, Stage.TRANSFORMING]


async def test_of_what_was_reported_before_only_that_it_is_on_paper_counts(spooler):
    await spooler.submit(submission(*(request(number) for number in (1, 2, 3))))
    await spooler.report(*(converted(name(number)) for number in (1, 2)))
    at = int(time.time() * 1000)
    await restored.note(spooler.database, at)
    await restart(spooler)

    async def told(stored, *reports):
        messages = [Incoming(1, each.subject, encode(each), {}, stored) for each in reports]
        await spooler.commit(lambda connection: spooler.handlers.on_reports(connection, messages))

    await told(at, report(TaskPrinting, 1), report(TaskPrinted, 2))
    assert await stages(spooler, 1, 2) == [Stage.UNKNOWN, Stage.COMPLETED]
    await told(at + 5, report(TaskPrinting, 1), report(TaskPrinted, 3, attempt=1))
    assert await stages(spooler, 1, 3) == [Stage.OUTGOING, Stage.COMPLETED], "of 3 the database knows no attempt"
    await told(at + 5, replace(report(TaskPrinted, 1), agent="SOMEBODY"))
    assert await stages(spooler, 1) == [Stage.OUTGOING]


async def test_a_reprint_is_made_ready_first_and_goes_past_attempts_that_are_not_known_here(spooler):
    await spooler.submit(submission(*(request(number, created_at=int(time.time() * 1000)) for number in (1, 2))))
    await spooler.report(converted(name(1)))
    await restored.note(spooler.database, int(time.time() * 1000))
    await restart(spooler)
    spooler.taken(PRINT), spooler.taken(CONVERT), spooler.taken()

    for number in (1, 2):
        await spooler.ask(ResolveTask(**OWN, task=name(number), outcome=Outcome.REPRINT))
    (first,) = spooler.taken(PRINT)
    assert (first.task, first.attempt) == (name(1), 1002)
    (again,) = spooler.taken(CONVERT)
    assert (again.task, again.attempt, again.finish) == (name(2), 2, True)
    assert await stages(spooler, 2) == [Stage.FINISHING]
    await spooler.report(converted(name(2), attempt=1))
    assert await stages(spooler, 2) == [Stage.FINISHING], "the conversion of before is over"
    await spooler.report(converted(name(2), attempt=2))
    (second,) = spooler.taken(PRINT)
    assert (second.task, second.attempt) == (name(2), 1001)


async def test_what_was_released_when_the_backup_was_taken_is_finished_before_it_is_printed_again(spooler):
    await spooler.submit(submission(request(1, hold=True)))
    await spooler.report(converted(name(1)))
    await spooler.ask(ReleaseTask(**OWN, task=name(1), printer=PrinterRef(agent=AGENT, id=PRINTER, name="Paper")))
    assert await stages(spooler, 1) == [Stage.FINISHING]
    await restored.note(spooler.database, int(time.time() * 1000))
    await restart(spooler)
    spooler.taken(CONVERT)
    await spooler.ask(ResolveTask(**OWN, task=name(1), outcome=Outcome.REPRINT))
    (order,) = spooler.taken(CONVERT)
    assert (order.finish, order.rendered_from is not None) == (True, True)
    assert not spooler.taken(PRINT)
