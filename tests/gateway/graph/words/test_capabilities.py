"""What a printer can do, as Graph tells it: its own, what software adds, what was said of it."""

from dataclasses import replace

from msgraph.generated.models.printer_capabilities import PrinterCapabilities
from msgraph.generated.models.printer_defaults import PrinterDefaults

from libs.contracts.devices import Capabilities, MediaSupport, Receipt
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE
from libs.contracts.fleet import Profile
from libs.contracts.tickets import ColorMode, FeedOrientation, Margins, Media, Quality
from services.gateway.graph.words import capabilities as able
from services.gateway.graph.words import defaults as usual
from tests.gateway.graph.calling import a_printer

CAN = Capabilities(
    formats=("application/pdf", "image/urf", RAW_MEDIA_TYPE),
    colors=(ColorMode.COLOR, ColorMode.AUTO),
    max_copies=9,
    qualities=(Quality.NORMAL,),
    media=(
        MediaSupport(Media(21000, 29700), Margins(300, 300, 300, 300), "tray-1"),
        MediaSupport(Media(21000, 29700), Margins(0, 0, 0, 0), "tray-2"),
    ),
    sources=("auto",),
    resolutions=(600,),
    finishings=("none", "staple-top-left", "jog-offset"),
    default_finishings=("none",),
    output_bins=("face-down",),
    default_output_bin="face-down",
    feed_orientations=(FeedOrientation.LONG_EDGE_FIRST,),
    media_colors=("white",),
    default_media_color="white",
    default_resolution=600,
    default_media_type="stationery",
    default_media=Media(21000, 29700),
    default_source="tray-1",
)


def properties(model):
    return set(model().get_field_deserializers()) - {"@odata.type"}


def test_all_members_of_the_schema_are_told():
    view = a_printer(capabilities=CAN)
    assert set(able.capabilities(view)) == properties(PrinterCapabilities)
    assert set(usual.defaults(view)) == properties(PrinterDefaults)


def test_the_machines_own_are_told_with_what_software_adds():
    told = able.capabilities(a_printer(capabilities=CAN))
    assert told["colorModes"] == ["color", "auto", "grayscale", "blackAndWhite"], "grey is made in the document"
    assert told["finishings"] == ["none", "stapleTopLeft"]
    assert told["inputBins"] == ["auto", "tray-1", "tray-2"]
    assert told["mediaSizes"] == ["A4"]
    assert (told["topMargins"], told["feedOrientations"]) == ([0, 3000], ["longEdgeFirst"])
    assert told["copiesPerJob"]["end"] > 9
    assert len(told["multipageLayouts"]) == 8
    assert {"application/pdf", "image/urf", "text/html", "image/png"} <= set(told["contentTypes"])
    assert "application/vnd.zebra.zpl" in told["contentTypes"]


def test_a_roll_has_no_sheets():
    roll = Capabilities(formats=(ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE), colors=(ColorMode.MONOCHROME,), receipt=Receipt())
    told = able.capabilities(a_printer(capabilities=roll))
    assert (told["pagesPerSheet"], told["multipageLayouts"], told["isColorPrintingSupported"]) == ([1], [], False)
    assert "text/html" in told["contentTypes"]


def test_what_was_said_goes_before_what_the_device_says():
    profile = Profile(capabilities={"colorModes": ["grayscale"], "dpis": None}, defaults={"colorMode": "grayscale", "dpi": None})
    view = a_printer(capabilities=CAN, profile=profile)
    assert (able.capabilities(view)["colorModes"], able.capabilities(view)["dpis"]) == (["grayscale"], [600])
    assert (usual.defaults(view)["colorMode"], usual.defaults(view)["dpi"]) == ("grayscale", 600)


def test_a_printer_that_an_application_serves_is_what_was_said_of_it():
    view = a_printer(served_by="app", physical=False, profile=Profile(capabilities={"duplexModes": ["oneSided"]}))
    told = able.capabilities(view)
    assert (told["duplexModes"], told["multipageLayouts"], told["pagesPerSheet"]) == (["oneSided"], None, None)
    assert "application/pdf" in told["contentTypes"]
    said = replace(view, profile=Profile(capabilities={"contentTypes": ["application/oxps"]}))
    assert able.capabilities(said)["contentTypes"] == ["application/oxps"]


def test_defaults_are_the_devices_own():
    told = usual.defaults(a_printer(capabilities=CAN))
    wanted = {
        "contentType": "application/pdf",
        "dpi": 600,
        "finishings": ["none"],
        "inputBin": "tray-1",
        "mediaColor": "white",
        "mediaSize": "A4",
        "mediaType": "stationery",
        "outputBin": "face-down",
        "pagesPerSheet": 1,
        "scaling": "auto",
        "multipageLayout": "clockwiseFromTopLeft",
        "colorMode": None,
    }
    assert {name: told[name] for name in wanted} == wanted
