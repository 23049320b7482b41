"""What passes to a printer untouched: the languages of label and receipt printers, and documents rasterised to one."""

from dataclasses import replace

from libs.contracts.devices import Capabilities
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE
from libs.contracts.tickets import ColorMode
from services.agent.printer_uri import PrinterUri

#: Media types of which no printer system may change a byte.
UNTOUCHED = frozenset({RAW_MEDIA_TYPE, ESCPOS_MEDIA_TYPE})
#: What CUPS calls them: cupsd hands a job of this type to the device as it came, whatever driver its queue has.
CUPS_RAW = "application/vnd.cups-raw"


def offered(can: Capabilities, uri: PrinterUri, *, passes: bool) -> Capabilities:
    """The capabilities with what passes untouched. `passes`: the printer lets it pass unless its address says otherwise.

    What a printer itself calls application/octet-stream is "guess what this is" (RFC 8011 section 5.1.10), which is another
    thing. A receipt printer takes nothing else: every document is rasterised for it, in black and white, on a roll.
    """
    if uri.receipt:
        return Capabilities(
            formats=(ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE),
            colors=(ColorMode.MONOCHROME,),
            default_color=ColorMode.MONOCHROME,
            resolutions=(uri.receipt.dpi,),
            receipt=uri.receipt,
        )
    kept = tuple(each for each in can.formats if each not in UNTOUCHED)
    return replace(can, formats=(*kept, RAW_MEDIA_TYPE) if (passes if uri.untouched is None else uri.untouched) else kept)
