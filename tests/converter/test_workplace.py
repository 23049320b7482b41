"""A converter that died over a document: it is remembered, such documents go one at a time, and five times is enough."""

import asyncio
from dataclasses import replace

import pytest

from services.converter import workplace as module
from services.converter.domain import Failure, Rejected
from services.converter.workplace import DEATHS, MEMORY, workplace
from tests.converter.test_batches import order


@pytest.fixture
def begin():
    """Begin work that is never ended, as when its process is killed."""
    kept = []

    async def begin(work):
        kept.append(work)  # what nobody holds is ended by Python
        return await work.__aenter__()

    return begin


async def die_over(root, begin, *orders):
    """A converter that starts, and is killed while it works on these."""
    place = workplace(root)
    for each in orders:
        await begin(place.on(each))


async def test_a_document_that_ended_well_or_was_refused_leaves_nothing(tmp_path):
    root = tmp_path / "conversions"
    place = workplace(root)
    async with place.on(order(1)) as work:
        assert list(root.iterdir()) == [work]
    with pytest.raises(Rejected):
        async with place.on(order(2)):
            raise Rejected(Failure.BROKEN, "broken")
    assert list(root.iterdir()) == []
    assert workplace(root).suspects == {}


async def test_over_one_document_a_converter_dies_five_times_and_no_more(tmp_path, begin):
    root = tmp_path / "conversions"
    for _ in range(DEATHS):
        await die_over(root, begin, order(1))
    place = workplace(root)
    assert list(root.iterdir()) == []
    with pytest.raises(Rejected, match="died 5 times while it worked on this document") as refused:
        await begin(place.on(order(1)))
    assert refused.value.failure is Failure.CRASH
    async with place.on(replace(order(1), attempt=2)), place.on(order(2)):
        pass  # another attempt, and another document


async def test_who_was_beside_a_poison_is_cleared_because_suspects_go_one_at_a_time(tmp_path, begin):
    root = tmp_path / "conversions"
    poison, good, other = order(1), order(2), order(3)
    await die_over(root, begin, poison, good, other)
    place = workplace(root)
    async with place.on(good):
        waiting = asyncio.create_task(begin(place.on(other)))
        async with place.on(order(4)):  # no suspect: it need not wait
            await asyncio.sleep(0)
        assert not waiting.done()
    await waiting
    assert set(place.suspects) == {"t01.1", "t03.1"}


async def test_previews_and_what_was_only_in_hand_are_no_suspects(tmp_path, begin):
    root = tmp_path / "conversions"
    place = workplace(root)
    await begin(place.folder())
    await begin(place.on(order(1)))
    assert set(workplace(root).suspects) == {"t01.1"}


async def test_what_is_remembered_is_forgotten_after_a_day_and_may_be_lost(tmp_path, begin, monkeypatch):
    root = tmp_path / "conversions"
    await die_over(root, begin, order(1))
    assert set(workplace(root).suspects) == set(workplace(root).suspects) == {"t01.1"}
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + MEMORY + 1)
    assert workplace(root).suspects == {}
    monkeypatch.undo()
    root.with_name("conversions.json").write_text("{]")
    assert workplace(root).suspects == {}
