"""Every enumeration value that our door can write is one that the official SDK knows; of unknown ones it makes None, silently."""

import importlib

import pytest

from libs.contracts.hooks import HookState
from services.gateway.graph.words import details, enums

MODELS = "msgraph.generated.models."
SPOKEN = {
    "print_color_mode.PrintColorMode": enums.COLORS.names,
    "print_duplex_mode.PrintDuplexMode": enums.DUPLEX.names,
    "print_orientation.PrintOrientation": enums.ORIENTATIONS.names,
    "print_quality.PrintQuality": enums.QUALITIES.names,
    "print_scaling.PrintScaling": enums.SCALINGS.names,
    "printer_feed_orientation.PrinterFeedOrientation": enums.FEEDS.names,
    "print_multipage_layout.PrintMultipageLayout": enums.LAYOUTS.names,
    "print_finishing.PrintFinishing": enums.FINISHINGS.names,
    "printer_processing_state_detail.PrinterProcessingStateDetail": details.NAMES,
    "print_task_processing_state.PrintTaskProcessingState": tuple(HookState),
}


def known(model: str) -> set[str]:
    """The values of an enumeration of the SDK."""
    module, _, name = model.partition(".")
    return {each.value for each in getattr(importlib.import_module(MODELS + module), name)}


@pytest.mark.parametrize("model", SPOKEN)
def test_the_sdk_knows_what_we_write(model):
    spoken = {str(each) for each in SPOKEN[model]}
    assert spoken
    assert not (spoken - {"unknownFutureValue"}) - known(model)


def test_of_the_826_details_none_is_missing():
    assert set(details.NAMES) == known("printer_processing_state_detail.PrinterProcessingStateDetail")
    assert len(set(details.NAMES)) == 826
