"""An application cannot have strangers called as often as it likes."""

import pytest

from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.webhooks.graph.tries import MOST, WINDOW, Tries


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def fail(tries, app="one"):
    with pytest.raises(Refused) as refused, tries.one("main", app):
        raise Refused(Code.BAD_REQUEST, "no echo")
    return refused.value.code


def test_who_fails_too_often_waits_while_others_do_not():
    clock = Clock()
    tries = Tries(clock)
    assert {fail(tries) for _ in range(MOST)} == {Code.BAD_REQUEST}
    assert fail(tries) is Code.BUSY
    assert fail(tries, "other") is Code.BAD_REQUEST
    clock.now = WINDOW + 1
    assert fail(tries) is Code.BAD_REQUEST


def test_what_succeeds_does_not_count_and_what_is_open_does():
    tries = Tries(Clock())
    for _ in range(2 * MOST):
        with tries.one("main", "one"):
            pass
    opened = [tries.one("main", "one") for _ in range(MOST)]
    for each in opened:
        each.__enter__()
    assert fail(tries) is Code.BUSY
    opened[0].__exit__(None, None, None)
    assert fail(tries) is Code.BAD_REQUEST
