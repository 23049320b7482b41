"""`testPrint`: a page of ours that shows what a printer does with edges, colours and scripts (extension, webprinter.md 3.4)."""

from datetime import datetime
from html import escape
from typing import Any

from libs.contracts.devices import Device
from libs.contracts.tickets import Media
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.tasks import submit_task
from services.gateway.webprinter.idempotency import key_of, once
from services.gateway.webprinter.printers import FoundPrinter, named_printer
from services.gateway.webprinter.reading.fields import Fields

A4 = Media(21000, 29700)
#: What of a request makes it the same or another one under its key; the page itself has the time on it.
_ASKED = ("deviceName", "controlSn")
#: How many times the size of its words a page is wide and high at least, so that all of it fits on a label.
_ACROSS, _DOWN = 33, 29
#: Size of words on a roll, in mm: what people read at arm's length.
_ON_ROLL = 2.6
COLORS = ("#00aeef", "#ec008c", "#fff200", "#000000", "#ed1c24", "#00a651", "#2e3192", "#7f7f7f")

_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{title}</title><style>
* {{ box-sizing: border-box; margin: 0; padding: 0 }}
body {{ width: {width}mm; position: relative; overflow: hidden; font: {size}mm/1.45 sans-serif }}
{frame}
.box {{ padding: {size}mm }}
h1 {{ font-size: 1.7em; overflow-wrap: anywhere }} td {{ vertical-align: top; overflow-wrap: anywhere }}
td:first-child {{ padding-right: 1.2em; white-space: nowrap; overflow-wrap: normal }}
.bars {{ display: flex; height: {bar}mm; margin: {size}mm 0 }} .bars i {{ flex: 1 }}
.ruler {{ display: flex; height: {size}mm; border-left: .3mm solid #000 }} .ruler i {{ width: 10mm; border-right: .3mm solid #000 }}
</style></head><body><div class="edge"><div class="box">
<h1>{title}</h1>
<table>{rows}</table>
<div class="bars">{bars}</div><div class="bars">{greys}</div>
<div class="ruler">{ticks}</div><p>{ruler} mm</p>
<p>The quick brown fox jumps over the lazy dog. 0123456789 &Auml;&Ouml;&Uuml; &eacute;&egrave; &ntilde; &szlig; &euro;</p>
<p lang="zh-CN">打印测试页 天地玄黄 宇宙洪荒 日月盈昃 辰宿列张</p>
</div></div></body></html>"""
#: A sheet has a frame around all that the printer can reach, a roll one around what is on it.
_SHEET = """body {{ height: {height}mm }}
.edge {{ position: absolute; border: .2mm solid #000; top: {top}mm; right: {right}mm; bottom: {bottom}mm; left: {left}mm }}"""
_ROLL = ".edge { border: .2mm solid #000 }"


async def test_print(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Print the test page on a printer, the ordinary way; the task's id."""
    asked = {"testPrint": {name: data.raw(name) for name in _ASKED}}
    submission = await once(gateway, identity, key_of(data), asked)
    if submission.answered:
        return dict(submission.answer)
    printer = await named_printer(gateway, identity, data)
    media = _media(printer.device)
    paper = {"paperConfig": {"width": media.width / 100, "height": media.height / 100}} if media.height else {}
    task = {
        "name": f"Test page of {printer.ref.name}"[:255],
        "deviceName": printer.ref.name,
        "controlSn": printer.ref.agent,
        "mediaSource": "STRING",
        "mediaFormat": "HTML",
        "content": page(printer, media, datetime.now(gateway.zone)),
        "javascript": False,
        "config": {**paper, **{f"margin{edge}": 0 for edge in ("Top", "Right", "Bottom", "Left")}},
    }
    return await submit_task(gateway, identity, Fields(task, data.path), submission)


def page(printer: FoundPrinter, media: Media, at: datetime) -> str:
    """The page as HTML: a frame at the edge of what the printer can reach, who prints, when, bars, a ruler, two scripts.

    A sheet without a height is a roll.
    """
    width, height = media.width / 100, media.height / 100
    top, right, bottom, left = _edges(printer.device, media)
    size = max(1.0, min(4.0, width / _ACROSS, height / _DOWN)) if height else _ON_ROLL
    rows = {
        "Printer": printer.ref.name,
        "SN": printer.ref.agent,
        "Date": f"{at:%Y-%m-%d %H:%M:%S %Z}",
        "Paper": f"{width:g} x {height:g} mm {media.name}" if height else f"a roll, {width:g} mm printed",
        **({"Edges": f"{top:g}, {right:g}, {bottom:g}, {left:g} mm"} if height else {}),
    }
    ruler = max(1, int((width - left - right - 2 * size - 1) // 10))
    return _PAGE.format(
        title=escape(f"Test page of {printer.ref.name}"),
        width=width, size=f"{size:.2f}", bar=f"{size * 2.5:.2f}",
        frame=_SHEET.format(height=height, top=top, right=right, bottom=bottom, left=left) if height else _ROLL,
        ruler=ruler * 10, ticks="<i></i>" * ruler,
        rows="".join(f"<tr><td>{name}</td><td>{escape(value)}</td></tr>" for name, value in rows.items()),
        bars="".join(f'<i style="background:{color}"></i>' for color in COLORS),
        greys="".join(f'<i style="background:rgb({grey},{grey},{grey})"></i>' for grey in range(0, 256, 17)),
    )  # fmt: skip


def _media(device: Device) -> Media:
    """The sheet to print on; of a roll only its width is known."""
    roll = device.capabilities.receipt
    if roll is not None:
        return Media(round(roll.width / roll.dpi * 2540), 0)
    return device.capabilities.default_media or A4


def _edges(device: Device, media: Media) -> tuple[float, float, float, float]:
    """What of the sheet the printer cannot reach, in mm; a thin frame where it does not say."""
    for each in device.capabilities.media:
        if (each.media.width, each.media.height) == (media.width, media.height):
            edges = (each.margins.top, each.margins.right, each.margins.bottom, each.margins.left)
            return tuple((edge or 0) / 100 for edge in edges)  # type: ignore[return-value]
    return (0.0, 0.0, 0.0, 0.0)
