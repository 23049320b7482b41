"""The states of printers, all 826, as the official SDK knows them."""

import pytest
from msgraph.generated.models.printer_processing_state_detail import PrinterProcessingStateDetail

from services.gateway.graph.words.details import NAMES, detail, details, reason


def test_there_are_826_names_and_the_sdk_knows_every_one():
    assert len(NAMES) == 826
    assert {each.value for each in PrinterProcessingStateDetail} == NAMES


def test_every_name_is_a_keyword_of_ipp_with_or_without_its_severity():
    for name in NAMES - {"unknownFutureValue"}:
        keyword = reason(name)
        assert {detail(keyword + end) for end in ("", "-report", "-warning", "-error")} == {name}


@pytest.mark.parametrize(
    ("keyword", "name"),
    [
        ("media-empty-error", "mediaEmpty"),
        ("marker-supply-low-report", "markerSupplyLow"),
        ("opc-near-eol-warning", "opticalPhotoConductorNearEndOfLife"),
        ("stapler-unrecoverable-storage-error", "staplerUnrecoverableStorageError"),
        ("subunit-unrecoverable-storage-error", "subunitUnrecoverableStorage"),
        ("input-media-tray-feed-error", "inputMediaTrayFeedError"),
        ("cups-missing-filter-warning", "other"),
        ("unknown-future-value", "other"),
    ],
)
def test_what_a_printer_says_has_a_name(keyword, name):
    assert detail(keyword) == name


def test_nothing_to_say_is_nothing_and_each_is_said_once():
    assert details(("none",)) == []
    assert details(("media-low-warning", "media-low-report", "door-open-error")) == ["mediaLow", "doorOpen"]
    assert reason("brokenHeart") is None
