"""What a printer's own count says of a job that it gave up: sides on whole sheets, or nothing."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Capabilities
from libs.contracts.tickets import Sides, Ticket
from libs.ipp.attributes import Attributes
from libs.ipp.job import Job
from libs.ipp.values import Keyword
from services.agent.ipp.counting import sure, trusted
from services.agent.ipp.jobs import pages
from tests.agent.orders import order

BOTH = (Sides.ONE_SIDED, Sides.TWO_SIDED_LONG_EDGE)
ONE = Capabilities(sides=BOTH, default_sides=Sides.ONE_SIDED, max_copies=9)
TWO = replace(ONE, default_sides=Sides.TWO_SIDED_LONG_EDGE)
DUPLEX = Ticket(sides=Sides.TWO_SIDED_LONG_EDGE)
PLAIN = Ticket()


def job(**counted: int) -> Job:
    said = {f"job-{what.replace('_', '-')}-completed": count for what, count in counted.items()}
    return Job.of(Attributes({"job-id": 1, **said}))


@pytest.mark.parametrize(
    ("counted", "ticket", "can", "found"),
    [
        ({"impressions": 3}, PLAIN, ONE, 3),
        ({"impressions": 3, "media_sheets": 3}, PLAIN, ONE, 3),
        ({"impressions": 3, "media_sheets": 2}, PLAIN, ONE, 2),  # the third is still in the machine
        ({"media_sheets": 3}, PLAIN, ONE, 3),
        ({"impressions": 3}, DUPLEX, ONE, 2),  # of the second sheet only the front
        ({"impressions": 3}, PLAIN, TWO, 2),
        ({"impressions": 4}, DUPLEX, ONE, 4),
        ({"impressions": 4, "media_sheets": 1}, DUPLEX, ONE, 2),
        ({"media_sheets": 2}, DUPLEX, ONE, 4),
        ({"impressions": 3}, PLAIN, Capabilities(), 3),  # it has no sides to choose from
        ({"impressions": 3}, DUPLEX, Capabilities(), 3),  # and was not told
        ({"impressions": 1}, DUPLEX, ONE, 0),  # no sheet is done
        ({"impressions": 3}, PLAIN, replace(ONE, default_sides=None), 0),  # nobody knows what it does by itself
        ({"impressions": 3}, Ticket(sides=Sides.ONE_SIDED), replace(ONE, default_sides=None), 3),
        ({"impressions": 3, "media_sheets": 0}, PLAIN, ONE, 0),  # it contradicts itself
        ({"impressions": 3}, Ticket(copies=2), ONE, 0),  # which copy?
        ({"impressions": 3}, Ticket(finishings=("staple-top-left",)), ONE, 0),
        ({"impressions": 3}, PLAIN, replace(ONE, default_finishings=("staple",)), 0),
        ({"impressions": 3}, Ticket(finishings=("none",)), ONE, 3),
        ({"impressions": 10}, PLAIN, ONE, 0),  # all of it, and it gave it up all the same
        ({"impressions": 4711}, PLAIN, ONE, 0),
        ({"impressions": -3}, PLAIN, ONE, 0),
        ({}, PLAIN, ONE, 0),
    ],
)
def test_sides_on_whole_sheets_are_sure_where_the_count_says_which_they_are(counted, ticket, can, found):
    assert sure(job(**counted), order(pages=10, ticket=ticket), can) == found


def test_nothing_is_sure_of_what_has_no_pages():
    assert sure(job(impressions=3), order(pages=10, media_type="application/octet-stream"), ONE) == 0


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ({}, True),
        ({"page-delivery-default": Keyword("same-order-face-down")}, True),
        ({"page-delivery-default": Keyword("reverse-order-face-up")}, False),
        ({"cups-version": Keyword("2.4.2")}, False),
    ],
)
def test_who_counts_what_it_sent_or_begins_at_the_end_is_not_believed(said, believed):
    assert trusted(Attributes(said)) is believed


def test_pages_are_impressions_and_of_who_counts_only_sheets_sheets():
    assert [pages(job(**each)) for each in ({"impressions": 3, "media_sheets": 2}, {"media_sheets": 2}, {})] == [3, 2, 0]
