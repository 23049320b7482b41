"""A term as it begins and ends."""

from types import SimpleNamespace

import pytest
from nats.errors import ConnectionClosedError

from libs.runtime.lease import LeaseLost
from services.spooler.term import Term, lost


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (LeaseLost("spooler"), True),  # before its parts ran side by side
        (BaseExceptionGroup("parts", [ValueError(), BaseExceptionGroup("inner", [LeaseLost("spooler")])]), True),
        (BaseExceptionGroup("parts", [ValueError()]), False),
        (ValueError(), False),
    ],
)
def test_a_term_that_lost_its_lease_is_no_fault(error, is_lost):
    assert lost(error) is is_lost


@pytest.mark.parametrize("connected", [True, False])
async def test_a_term_that_ends_while_the_line_is_down_hears_nothing_after_it(connected):
    """What is not taken back is asked for again when the line comes back, once more with each term."""
    open_ = []

    class Subscription:
        async def unsubscribe(self):
            open_.remove(self)
            if not connected:
                raise ConnectionClosedError

    async def subscribe(_subject, cb):
        open_.append(Subscription())
        return open_[0]

    bus = SimpleNamespace(connected=connected, client=SimpleNamespace(subscribe=subscribe))
    term = SimpleNamespace(_bus=bus, _desk=SimpleNamespace(region="local"))
    async with Term._hearing(term):
        assert len(open_) == 1
    assert open_ == []
