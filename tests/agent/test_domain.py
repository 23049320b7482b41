import itertools
from dataclasses import replace

import pytest

from services.agent.domain import SETTLEMENT, Deed, Known, Means, Sight, Step, Verdict, expired, judge, settle, withdrawable
from tests.agent.orders import order


@pytest.mark.parametrize(
    ("attempt", "known", "verdict"),
    [
        (1, None, Verdict.TAKE),
        (1, Known(1, Step.TAKEN), Verdict.KNOWN),
        (1, Known(1, Step.DONE), Verdict.KNOWN),
        (2, Known(1, Step.DONE), Verdict.TAKE),
        (2, Known(1, Step.WITHDRAWN), Verdict.TAKE),
        (2, Known(1, Step.RELEASED), Verdict.DROP),
        (1, Known(2, Step.WITHDRAWN), Verdict.DROP),
        (5, Known(2, Step.DONE), Verdict.TAKE),
    ],
)
def test_an_order_is_taken_only_if_its_attempt_is_higher_and_none_of_its_task_is_open(attempt, known, verdict):
    assert judge(order(attempt=attempt), known, now=1000) is verdict


def test_an_order_past_its_valid_until_is_stale_and_one_seen_before_is_not_even_that():
    late = order(valid_until=999)
    assert judge(late, None, now=1000) is Verdict.STALE
    assert judge(late, None, now=999) is Verdict.TAKE
    assert judge(late, Known(1, Step.DONE), now=1000) is Verdict.KNOWN


@pytest.mark.parametrize("name", ["../escaped", "a/b", ".hidden", "", "a\nb", "x" * 101])
def test_an_id_that_cannot_be_a_name_is_refused(name):
    assert judge(replace(order(), task=name), None, now=0) is Verdict.REFUSE


def test_an_order_without_limits_never_expires():
    assert not expired(order(), now=10**15)
    assert expired(order(expires=5), now=6)
    assert not expired(order(expires=5), now=5)


@pytest.mark.parametrize("step", list(Step))
def test_a_withdrawal_is_in_time_before_releasing_and_once_it_was_in_time_always(step):
    assert withdrawable(1, Known(1, step)) is (step < Step.RELEASING or step is Step.WITHDRAWN)


def test_an_attempt_that_never_came_can_be_withdrawn_and_an_older_one_cannot():
    assert withdrawable(1, None)
    assert withdrawable(3, Known(2, Step.DONE))
    assert not withdrawable(1, Known(2, Step.TAKEN))


#: What can be seen at all at a printer with these means.
VISIBLE = {
    Means.HOLD: tuple(Sight),
    Means.LIST: tuple(Sight),
    Means.NAME: (Sight.ABSENT, Sight.ENDED),
    Means.BLIND: (Sight.ABSENT,),
}


def test_everything_that_can_be_seen_after_a_crash_has_one_row():
    possible = {
        (means, past, sight) for means, sights in VISIBLE.items() for past, sight in itertools.product((False, True), sights)
    }
    possible.add((Means.BLIND, True, Sight.ENDED))  # all bytes were acknowledged, says the journal
    assert set(SETTLEMENT) == possible


@pytest.mark.parametrize(("means", "past", "sight"), list(SETTLEMENT))
def test_nothing_is_printed_again_that_may_have_ink(means, past, sight):
    deed = SETTLEMENT[means, past, sight]
    if sight in (Sight.LIVE, Sight.ENDED):
        assert deed is Deed.FOLLOW
    if past and sight is Sight.ABSENT:
        assert deed is (Deed.PRINT if means is Means.NAME else Deed.UNKNOWN)
    if not past and sight is Sight.ABSENT:
        assert deed is Deed.PRINT


def test_a_step_counts_as_past_releasing_from_releasing_on():
    assert settle(Means.LIST, Step.INTENT, Sight.ABSENT) is Deed.PRINT
    assert settle(Means.LIST, Step.RELEASING, Sight.ABSENT) is Deed.UNKNOWN
    assert settle(Means.HOLD, Step.SENT, Sight.ABSENT) is Deed.PRINT
    assert settle(Means.HOLD, Step.RELEASED, Sight.ABSENT) is Deed.UNKNOWN
