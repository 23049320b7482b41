"""Whose conversion goes next: by weight among tenants, in turn among a tenant's printers, and nobody waits for another's crowd."""

from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from libs.contracts.documents import Document, Engine, Format, Inline
from libs.contracts.streams import CONVERT
from services.spooler import shares
from services.spooler.shares import Flow, Share, Shares
from tests.spooler.deciding import deciding as decided
from tests.spooler.making import converted, request, submission


@asynccontextmanager
async def deciding(folder):
    """A spooler's decisions, and which tasks it ordered conversions of since the last look."""
    async with decided(folder) as at:
        at.orders = lambda: [order.task for order in at.taken(CONVERT)]
        yield at


A, B = Flow("acme", "one"), Flow("beta", "one")


def filled(ahead: int, flow: Flow, orders: int, weights=None) -> Share:
    share = Share(ahead, weights or {})
    for number in range(orders):
        share.sent(f"{flow.tenant} {number}", flow)
    return share


def test_one_tenant_alone_gets_everything():
    assert filled(16, A, 0).allot([A]) == {A: 16}
    assert filled(16, A, 10).allot([A]) == {A: 6}


def test_who_comes_while_another_has_all_still_gets_its_part():
    share = filled(16, A, 16)
    assert share.allot([A, B]) == {B: 8}
    assert filled(16, A, 16).allot([A]) == {}


def test_weights_say_how_parts_compare():
    assert filled(16, A, 0, {"acme": 3}).allot([A, B]) == {A: 12, B: 4}


def test_the_printers_of_a_tenant_have_their_turns_alike():
    crowd, others = Flow("acme", "dead"), [Flow("acme", f"printer {number}") for number in range(5)]
    share = filled(16, crowd, 14)
    assert share.allot([crowd, *others]) == dict.fromkeys(others, 1), "the crowd has more than its part"
    turns = Counter()
    for _ in range(5):  # one order ends at a time: everybody has a turn before anybody has a second one
        given = share.allot(others)
        turns.update(given)
        share.sent("new", Flow("acme", "elsewhere"))
    assert max(turns.values()) - min(turns[flow] for flow in others) <= 1


def test_a_printer_with_nothing_out_sends_at_once_though_its_own_tenant_has_all():
    crowd, others = Flow("acme", "dead"), [Flow("acme", f"printer {number:02}") for number in range(20)]
    share = filled(16, crowd, 16)
    assert share.allot([crowd, *others]) == dict.fromkeys(others[:16], 1), "as many again, and no more"


def test_what_is_told_twice_counts_once():
    share = filled(2, A, 2)
    share.sent("acme 1", A)
    share.ended("acme 1")
    share.ended("acme 1")
    assert share.room == 1


WORD = Document(format=Format.WORD, content=Inline(b"a letter"))


def letters(count: int, first: int = 0):
    return [request(number, document=WORD) for number in range(first, first + count)]


@pytest.mark.parametrize("restart", [False, True])
async def test_a_crowd_of_conversions_leaves_room_for_another_tenant_and_all_are_ordered_once(tmp_path, restart):
    async with deciding(tmp_path) as at:
        ahead = at.desk.shares.engines[Engine.OFFICE].room
        crowd = [each.id for each in letters(3 * ahead)]
        await at.submit(submission(*letters(3 * ahead)))
        ordered = at.orders()
        assert ordered == crowd[:ahead]
        (lonely,) = letters(1, first=1000)
        await at.submit(replace(submission(lonely), tenant="beta"))
        assert at.orders() == [lonely.id]
        if restart:
            at.desk.shares = Shares()
            await at.handlers.on_start()
            assert at.orders() == []
        waiting = [lonely.id, *ordered]
        while waiting:
            await at.report(*(converted(task) for task in waiting[:7]))
            more = at.orders()
            ordered += more
            waiting = [*waiting[7:], *more]
        assert ordered == crowd
        assert at.desk.shares.engines[Engine.OFFICE].room == ahead


async def test_an_order_that_is_over_makes_room_and_one_that_waits_can_end(tmp_path):
    async with deciding(tmp_path) as at:
        ahead = at.desk.shares.engines[Engine.OFFICE].room
        crowd = [each.id for each in letters(ahead + 3)]
        await at.submit(submission(*letters(ahead + 3)))
        assert at.orders() == crowd[:ahead]
        await at.pass_time(crowd[0])
        assert at.orders() == [crowd[ahead]]
        await at.pass_time(crowd[ahead + 1])
        assert at.orders() == []
        await at.report(converted(crowd[1]))
        assert at.orders() == [crowd[ahead + 2]]


def test_less_is_out_while_several_send_so_that_the_next_one_waits_behind_less(monkeypatch):
    share = Share(16, {}, among_others=4)
    for number in range(3):
        share.sent(f"a {number}", A)
    assert share.room == 13, "one alone has all"
    share.sent("b", B)
    assert share.room == 0
    assert share.allot([A]) == {}
    monkeypatch.setattr(shares, "TOGETHER", 0.0)
    assert share.room == 12, "a second later it is alone again"
