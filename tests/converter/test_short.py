"""Short documents that are converted together: each is what it would be alone, and none suffers from another."""

import asyncio
from dataclasses import replace

import pytest

from libs.contracts.devices import Receipt, Target
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, INLINE_LIMIT, Format, Inline, Stored
from libs.contracts.marks import Mark, Place
from libs.contracts.tickets import Media, Ticket
from services.converter.conversion import Converter, Rejected
from services.converter.short import Brief, ShortDocuments, is_short
from tests.converter import samples
from tests.converter.conftest import settings
from tests.converter.test_crashes import kill, named
from tests.waiting import until

LABEL = Ticket(media=Media(6000, 4000))


def order(data: bytes, kind: Format = Format.TEXT, ticket: Ticket = LABEL, **given: object):
    made = samples.order(kind, ticket)
    return replace(made, document=replace(made.document, content=Inline(data)), **given)


@pytest.mark.asyncio(loop_scope="module")
async def test_each_becomes_what_it_would_be_alone(converter, tmp_path):
    orders = [order(b"one"), order(b"two\ftwo", ticket=Ticket(copies=2)), order(b"^XA^XZ", Format.ZPL, Ticket(copies=3))]
    results = await ShortDocuments(converter).convert(orders)
    for number, (each, result) in enumerate(zip(orders, results, strict=True)):
        work = tmp_path / str(number)
        work.mkdir()
        (work / "source").write_bytes(each.document.content.data)
        alone = await converter.convert(each, work / "source", work)
        assert result == Brief(alone.path.read_bytes(), alone.pages, alone.ticket, alone.warnings, alone.media_type)


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_wrong_is_rejected_alone(converter):
    orders = [
        order(b"good"),
        order(b"\x00\x01\x02\x03" * 99),
        order(b""),
        order(b"good", ticket=Ticket(copies=0)),
        order(b"%PDF-1.5 and so on"),
        order(b"good"),
    ]
    results = await ShortDocuments(converter).convert(orders)
    became = [str(each.reason) if isinstance(each, Rejected) else each.pages for each in results]
    wrong = "document-format-error"
    assert became == [1, wrong, wrong, "unsupported-attributes-or-values", wrong, 1]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_needs_more_than_a_worker_has_to_go_alone(converter):
    orders = [order("\u05d0\u05d1".encode()), order(b"x" * INLINE_LIMIT, Format.ZPL, Ticket(copies=2)), order(b"good")]
    results = await ShortDocuments(converter).convert(orders)
    assert results[:2] == [None, None]
    assert isinstance(results[2], Brief)


@pytest.mark.parametrize(
    ("given", "short"),
    [
        (order(b"text"), True),
        (order(b"^XA^XZ", Format.ZPL), True),
        (samples.order(Format.PNG), False),
        (replace(order(b""), document=replace(order(b"").document, content=Stored("a/b/c", 1, "0"))), False),
        (order(b"text", target=Target(formats=(ESCPOS_MEDIA_TYPE,), receipt=Receipt())), False),
        (order(b"text", rendered_from=Format.TEXT), False),
        (order(b"text", ticket=Ticket(marks=(Mark(Place.HEADER, image=Inline(b"png")),))), False),
        (order(b"text", ticket=Ticket(marks=(Mark(Place.HEADER, text="words"),))), True),
    ],
)
def test_only_what_lies_nowhere_else_and_needs_one_step_goes_together(given, short):
    assert is_short(given) is short


async def test_a_worker_that_is_killed_leaves_all_of_them_to_go_alone(tmp_path):
    running = Converter(settings(tmp_path / "data", converter_workers=1))
    await running.start()
    try:
        short = ShortDocuments(running)
        async with asyncio.TaskGroup() as group:
            converting = group.create_task(short.convert([order(b"a\f" * 4000, ticket=Ticket()) for _ in range(20)]))
            await until(lambda: running.engines.workers._busy and named("converter.worker", running), what="it is at work")
            kill(named("converter.worker", running))
        assert converting.result() == [None] * 20
        assert isinstance((await short.convert([order(b"good")]))[0], Brief)
    finally:
        await running.close()


async def test_texts_that_take_too_long_together_go_alone(tmp_path):
    running = Converter(settings(tmp_path / "data", converter_workers=1, convert_timeout=0.5))
    await running.start()
    try:
        await running.engines.workers.ready()
        assert await ShortDocuments(running).convert([order(b"a\f" * 4000, ticket=Ticket()) for _ in range(20)]) == [None] * 20
    finally:
        await running.close()
