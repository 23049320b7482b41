"""Row 22: the printer does not have the paper that was asked for."""

import pytest

from libs.ipp.enums import Operation
from tests.faults.rig.ippfake import FakePrinter
from tests.faults.rig.shopfloor import shopfloor
from tests.integration.paper import Sheets

#: Operations by which a document would reach a printer.
SENDING = (Operation.CREATE_JOB, Operation.PRINT_JOB, Operation.SEND_DOCUMENT)
HTML = "<div style='width:{0}mm;height:{1}mm'>label</div>"


@pytest.mark.row(22)
@pytest.mark.timeout(180)
async def test_row_22_a_sheet_that_is_not_there_is_refused_before_any_byte_and_never_scaled(row, tmp_path):
    async with (
        FakePrinter("A4", row.history("A4"), media=[(21000, 29700)], paper=tmp_path / "a4") as office,
        FakePrinter("Roll29", row.history("Roll29"), media=[(2900, 9000)], custom=(2900, 2900, 1000, 100000)) as narrow,
        FakePrinter(
            "Roll62", row.history("Roll62"), media=[(6200, 2900)], custom=(6200, 6200, 1000, 100000), paper=tmp_path / "62"
        ) as wide,
        FakePrinter("Labels", row.history("Labels"), media=[(10000, 15000)], paper=tmp_path / "labels") as labels,
        shopfloor(
            row, tmp_path, [each.entry for each in (office, narrow, wide, labels)], CONVERTER_ENGINES='["text", "html", "pdf"]'
        ) as at,
    ):
        for name in ("A4", "Roll29", "Roll62", "Labels"):
            await at.server.device(name)
        row.did("A 100 x 150 mm label for a printer with A4 only, one of 62 x 100 mm for a roll of 29 mm; then where they fit.")
        for printer, size in ((office, (100, 150)), (narrow, (62, 100))):
            for kind in ("TEXT", "HTML"):
                config = {"paperConfig": {"width": size[0], "height": size[1]}}
                task = await at.submit(
                    printer.name, HTML.format(*size) if kind == "HTML" else "label", mediaFormat=kind, config=config
                )
                shown, _ = await at.shows(task, status="ERROR")
                assert (shown["reason"], shown["pagesDone"]) == ("media-mismatch", 0)
                assert f"no sheet of {size[0]} x {size[1]} mm" in shown["message"]
            assert not set(SENDING) & set(printer.asked), "not a byte was sent"
            row.saw(f"{printer.name}: ERROR, reason media-mismatch (“{shown['message']}”); no job was made at the printer.")
        for printer, size, kind, folder in (
            (wide, (62, 100), "HTML", "62"),
            (wide, (62, 29), "TEXT", "62"),
            (labels, (100, 150), "HTML", "labels"),
            (labels, (100, 150), "TEXT", "labels"),
            (office, (210, 297), "HTML", "a4"),
        ):
            config = {"paperConfig": {"width": size[0], "height": size[1]}}
            content = "<p>label</p>" if kind == "HTML" else "label"
            task = await at.submit(printer.name, content, mediaFormat=kind, config=config)
            await at.shows(task, status="FINISHED")
            paper = Sheets(tmp_path / folder / f"{task}.1.pdf")
            assert paper.pages == 1
            assert paper.is_of_size(*size), (size, paper.sizes)
            asked = printer.printed[-1].asked
            column = asked.collection("media-col").collection("media-size")
            assert (column.integer("x-dimension"), column.integer("y-dimension")) == (size[0] * 100, size[1] * 100)
            assert asked.string("print-scaling") == "none"
            width, height = paper.sizes[0]
            row.saw(f"{printer.name}, {kind} {size[0]} x {size[1]} mm: {width:.2f} x {height:.2f} mm on paper, print-scaling none.")
    row.check()
