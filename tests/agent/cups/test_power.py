import pytest

from libs.ipp.attributes import Attributes
from services.agent.cups.power import Power


def up(seconds: int | None) -> Attributes:
    return Attributes.of({} if seconds is None else {"printer-up-time": (seconds,)})


@pytest.mark.parametrize(
    ("before", "after", "later", "cuts"),
    [
        (100, 102, 2.0, 0),
        (100, 101, 2.9, 0),  # it counts whole seconds
        (100, 100, 3.5, 0),  # its clock is not good
        (100, 5, 2.0, 1),
        (100, 100, 60.0, 1),  # off for long, and on as long as before
        (100, 9, 0.1, 1),
        (None, 5, 2.0, 0),
        (100, None, 2.0, 0),
    ],
)
def test_a_count_that_begins_anew_is_a_cut_of_the_power(before, after, later, cuts):
    power = Power()
    power.hear(up(before), 1000.0, 1000.1)
    power.hear(up(after), 1000.0 + later, 1000.1 + later)
    assert power.cuts == cuts


def test_an_answer_that_took_long_is_no_cut():
    power = Power()
    power.hear(up(100), 1000.0, 1000.1)
    power.hear(up(102), 1002.0, 1030.0)  # said at 1002, heard at 1030
    power.hear(up(131), 1031.0, 1031.1)
    assert power.cuts == 0


@pytest.mark.parametrize(("seconds", "switched_on_later"), [(60, False), (8, False), (5, True), (0, True), (None, True)])
def test_a_printer_that_is_on_for_less_time_than_its_job_was_switched_on_later(seconds, switched_on_later):
    power = Power()
    power.hear(up(seconds), 1000.0, 1000.1)
    assert power.since(1_700_000_000.0, 1_700_000_010.0) is switched_on_later
