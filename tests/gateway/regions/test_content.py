"""Documents for another region are where that region finds them, or they are refused."""

import pytest
from obstore.exceptions import GenericError

from libs.contracts.documents import INLINE_LIMIT, Inline, Stored
from libs.runtime.bus import NotStored, Refused, Unanswered
from libs.runtime.documents import Documents
from services.gateway.regions.content import RIDES, FarContent, FarStore, NoStore

NAME = "main/task/source"
SMALL, LARGE, HUGE = b"x" * INLINE_LIMIT, b"x" * (INLINE_LIMIT + 1), b"x" * (RIDES + 1)


class Unreached:
    """A store that nobody reaches."""

    async def put(self, _name, _data):
        raise GenericError("error sending request")


async def test_small_ones_ride_in_the_message_and_others_are_in_the_regions_store(tmp_path):
    store = Documents(str(tmp_path), tmp_path)
    content = FarContent("us", store)
    assert await content.keep(NAME, SMALL) == Inline(SMALL)
    kept = await content.keep(NAME, LARGE)
    assert isinstance(kept, Stored)
    assert (kept.name, kept.size) == (NAME, len(LARGE))
    assert await store.get(NAME) == LARGE


async def test_while_the_store_is_not_reached_they_ride_and_the_largest_wait():
    content = FarContent("us", Unreached())
    assert await content.keep(NAME, LARGE) == Inline(LARGE)
    with pytest.raises(NotStored, match="need the store of us, which is not reached"):
        await content.keep(NAME, HUGE)


async def test_without_a_store_the_largest_are_refused_with_what_to_do():
    content = FarContent("us", None)
    assert await content.keep(NAME, LARGE) == Inline(LARGE)
    with pytest.raises(Refused, match="need its store: take a gateway of that region"):
        await content.keep(NAME, HUGE)


async def test_nothing_of_the_region_is_put_into_our_own_store():
    async def pieces():
        yield b"x"

    store = NoStore("us")
    for asked in (
        store.put(NAME, b""),
        store.put_stream(NAME, pieces()),
        store.size(NAME),
        store.get(NAME),
        store.copy(NAME, NAME),
    ):
        with pytest.raises(Refused, match="Files for the region us need its store"):
            await asked
    with pytest.raises(Refused):
        _ = store.signs


async def test_what_is_uploaded_to_a_store_that_is_not_reached_is_not_answered(tmp_path):
    async def pieces():
        yield SMALL

    store = FarStore(str(tmp_path), tmp_path)
    assert (await store.put_stream(NAME, pieces()))[0] == len(SMALL)
    (tmp_path / "other").write_bytes(b"a file where a folder should be")
    with pytest.raises(Unanswered, match="the store of another region is not reached"):
        await store.put_stream("other/task/source", pieces())
