import pytest

from libs.contracts.devices import PrinterState
from services.agent.drivers import Seen
from services.agent.ipp.reasons import plain, sentence, stopping


@pytest.mark.parametrize(
    ("state", "reasons", "why"),
    [
        (PrinterState.IDLE, (), None),
        (PrinterState.PROCESSING, ("media-needed", "media-empty"), "media-empty"),
        (PrinterState.PROCESSING, ("media-jam-warning", "cups-waiting-for-job-completed"), "media-jam"),
        (PrinterState.PROCESSING, ("toner-low-report", "toner-empty-report"), None),
        (PrinterState.PROCESSING, ("toner-low-warning",), None),
        (PrinterState.STOPPED, (), "paused"),
        (PrinterState.STOPPED, ("other-error",), "other"),
        (PrinterState.PROCESSING, ("cover-open-error",), "cover-open"),
    ],
)
def test_a_printer_stops_for_its_most_telling_reason(state, reasons, why):
    assert stopping(Seen(state, reasons)) == why


def test_severities_are_not_part_of_a_reason():
    assert {plain(f"media-empty{severity}") for severity in ("", "-error", "-warning", "-report")} == {"media-empty"}


def test_a_sentence_says_what_a_person_can_do_something_about():
    assert sentence("Office", "media-empty") == "The printer Office waits: no paper (media-empty)."
    assert sentence("Office", "odd") == "The printer Office waits: something is the matter (odd)."
