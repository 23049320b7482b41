"""Task ids: as the protocol has them, never twice, never backwards."""

import itertools

from libs.contracts.ids import base36, task_id
from services.gateway.ids import PER_MS, TaskIds

SN = "jueKiUEE"


def test_an_id_of_the_seed_is_made_again():
    captured = 1_648_000_214_926  # 2022-03-23T01:50:14.926Z, worker 99
    assert task_id(SN, captured, 99, 0) == "jueKiUEE-79h86ap05on4"
    ids = TaskIds(99, lambda: captured).block(SN)
    assert (ids.id(), ids.at()) == ("jueKiUEE-79h86ap05on4", captured)


def test_ids_grow_while_the_clock_stands_or_goes_back():
    clock = itertools.chain([2_000_000_000_000] * 10_000, [1_999_999_000_000] * 10_000, itertools.repeat(2_000_000_000_001))
    ids = TaskIds(1023, lambda: next(clock))
    made = [ids.block(SN).id() for _ in range(20_001)]
    assert made == sorted(set(made))


def test_a_millisecond_has_4096_ids_and_then_the_next_begins():
    ids = TaskIds(0, lambda: 2_000_000_000_000)
    times = [ids.block(SN).at() for _ in range(PER_MS + 1)]
    assert times[PER_MS - 1 :] == [2_000_000_000_000, 2_000_000_000_001]


def test_a_block_is_so_many_ids_in_a_row_and_the_next_one_comes_behind():
    ids = TaskIds(7, lambda: 2_000_000_000_000)
    block, other = ids.block(SN, 10_000), ids.block(SN, 2)
    made = [block.id(index) for index in range(10_000)] + [other.id(0), other.id(1)]
    assert made == sorted(set(made))
    assert (block.at(0), block.at(9_999)) == (2_000_000_000_000, 2_000_000_000_002)


def test_gateways_draw_different_numbers():
    made = {TaskIds(None, lambda: 2_000_000_000_000).block(SN).id() for _ in range(20)}
    assert len(made) > 10


def test_base36_is_padded():
    assert base36(35, 3) == "00z"
