"""Office documents that ask for something elsewhere, in every way that their formats know: pictures, sections, links, scripts."""

import io
from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

import docx
import openpyxl
import pptx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.converter import samples

_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = " ".join(
    f'xmlns:{prefix}="{space}"'
    for prefix, space in {
        **{
            name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
            for name in ("office", "text", "table", "form", "script", "style", "presentation", "manifest")
        },
        "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
        "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
        "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
        "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
        "xlink": "http://www.w3.org/1999/xlink",
        "xforms": "http://www.w3.org/2002/xforms",
        "ooo": "http://openoffice.org/2004/office",
        "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    }.items()
)
#: A macro that opens a file, runs a program and asks an address, as a module of the document's own library.
_BASIC = """Sub Main
n = FreeFile
Open "{touched}" For Output As #n
Print #n, Environ("CANARY")
Close #n
Shell("/bin/sh", 0, "-c 'touch {touched}'")
o = CreateUnoService("com.sun.star.ucb.SimpleFileAccess")
o.openFileRead("{address}")
End Sub"""


def word(addresses: Iterable[str]) -> bytes:
    """A docx: linked pictures and objects, fields that include, a template, chunks and parts that lie elsewhere."""
    document = docx.Document()
    document.add_paragraph("words before")
    body = document.element.body
    for at in addresses:
        for field in ("INCLUDEPICTURE", "INCLUDETEXT", "IMPORT", "LINK Word.Document.8", "DDEAUTO soffice", "DDE soffice", "RD"):
            words = quoteattr(f'{field} "{at}" \\* MERGEFORMAT')
            body.append(
                parse_xml(f"<w:p {nsdecls('w')}><w:fldSimple w:instr={words}><w:r><w:t>old</w:t></w:r></w:fldSimple></w:p>")
            )
        for kind in ("aFChunk", "subDocument", "oleObject", "attachedTemplate", "video", "frame"):
            related = document.part.relate_to(at, f"{_TYPES}/{kind}", is_external=True)
            if kind in ("aFChunk", "subDocument"):
                name = "altChunk" if kind == "aFChunk" else "subDoc"
                body.append(parse_xml(f'<w:{name} {nsdecls("w", "r")} r:id="{related}"/>'))
        shape = document.part.relate_to(at, f"{_TYPES}/image", is_external=True)
        related = document.part.relate_to(at, f"{_TYPES}/oleObject", is_external=True)
        spaces = f'{nsdecls("w", "r")} xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
        body.append(
            parse_xml(
                f'<w:p {spaces}><w:r><w:object><v:shape id="s" style="width:9pt;height:9pt"><v:imagedata r:id="{shape}"/></v:shape>'
                f'<o:OLEObject Type="Link" ProgID="Excel.Sheet" ShapeID="s" DrawAspect="Content" r:id="{related}"'
                f' UpdateMode="Always"/>'
                "</w:object></w:r></w:p>"
            )
        )
        settings = document.part._settings_part.relate_to(at, f"{_TYPES}/attachedTemplate", is_external=True)
        document.settings.element.append(parse_xml(f'<w:attachedTemplate {nsdecls("w", "r")} r:id="{settings}"/>'))
        _linked(document.add_paragraph().add_run(), at)
    return samples.saved(document)


def _linked(run: object, at: str) -> None:
    run.add_picture(io.BytesIO(samples.picture("PNG", (40, 40))))
    blip = run._element.find(".//{http://schemas.openxmlformats.org/drawingml/2006/main}blip")
    del blip.attrib[f"{{{_TYPES}}}embed"]
    blip.set(f"{{{_TYPES}}}link", run.part.relate_to(at, f"{_TYPES}/image", is_external=True))


def slides(addresses: Iterable[str]) -> bytes:
    """A pptx with pictures that lie elsewhere."""
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "words before"
    for at in addresses:
        slide = show.slides.add_slide(show.slide_layouts[5])
        picture = slide.shapes.add_picture(io.BytesIO(samples.picture("PNG", (40, 40))), 0, 0)
        blip = picture._element.find(".//{http://schemas.openxmlformats.org/drawingml/2006/main}blip")
        del blip.attrib[f"{{{_TYPES}}}embed"]
        blip.set(f"{{{_TYPES}}}link", slide.part.relate_to(at, f"{_TYPES}/image", is_external=True))
        for kind in ("oleObject", "video", "audio"):
            slide.part.relate_to(at, f"{_TYPES}/{kind}", is_external=True)
    return samples.saved(show)


def workbook(addresses: Iterable[str]) -> bytes:
    """An xlsx with formulas that ask: web services, other books, programs, and a connection that refreshes on load."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["words before"])
    for at in addresses:
        path = at.removeprefix("file://")
        folder, _, name = path.rpartition("/")
        sheet.append(
            [
                f'=WEBSERVICE("{at}")',
                f'=_xlfn.WEBSERVICE("{at}")',
                f'=FILTERXML(WEBSERVICE("{at}"),"//x")',
                f"='{folder}/[{name}]Sheet1'!A1",
                f"='{at}'#$Sheet1.A1",
                f'=cmd|"/C touch {path}"!A0',
                f'=DDE("soffice","{path}","A1")',
                f'=HYPERLINK("{at}","old")',
                f"=INDIRECT(\"'{at}'#$Sheet1.A1\")",
                f'=IMAGE("{at}")',
            ]
        )
    connections = "".join(
        f'<connection id="{n}" name="c{n}" type="4" refreshOnLoad="1"><webPr url={quoteattr(at)}/></connection>'
        for n, at in enumerate(addresses, 1)
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return samples.repacked(
        samples.saved(book), {"xl/connections.xml": f'<connections xmlns="{space}">{connections}</connections>'.encode()}
    )


def text(addresses: Iterable[str], touched: str = "/tmp/touched") -> bytes:
    """An odt: sections, pictures, objects, frames, plug-ins, applets, macros on loading."""
    addresses = list(addresses)
    body = "<text:p>words before</text:p>" + "".join(map(_section, range(len(addresses)), addresses))
    return _open("text", f"<office:text>{body}</office:text>", addresses, touched)


def forms(addresses: Iterable[str]) -> bytes:
    """An odt with forms (XForms) and links of a DDE kind."""
    addresses = list(addresses)
    forms = "".join(
        f'<xforms:model id="m{n}"><xforms:instance src={quoteattr(at)}/><xforms:submission id="s" method="get" '
        f'action={quoteattr(at)} bind="b"/><xforms:bind nodeset="x" calculate="{at!r}"/></xforms:model>'.replace("'", "")
        for n, at in enumerate(addresses)
    )
    dde = "".join(
        f'<text:dde-connection-decl office:name="d{n}" office:dde-application="soffice" office:dde-topic={quoteattr(at)} '
        'office:dde-item="1" office:automatic-update="true"/>'
        for n, at in enumerate(addresses)
    )
    head = f"<office:forms>{forms}</office:forms><text:dde-connection-decls>{dde}</text:dde-connection-decls>"
    links = "".join(f'<text:p><text:dde-connection text:connection-name="d{n}"/></text:p>' for n in range(len(addresses)))
    return _open("text", f"<office:text>{head}<text:p>words before</text:p>{links}</office:text>", [], "/tmp/touched")


def _section(number: int, at: str) -> str:
    link = f'xlink:href={quoteattr(at)} xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"'
    frame = 'text:anchor-type="paragraph" svg:width="4cm" svg:height="4cm"'
    kinds = ("image", "object", "object-ole", "plugin", "applet", "floating-frame")
    frames = "".join(f'<draw:frame draw:name="{kind}{number}" {frame}><draw:{kind} {link}/></draw:frame>' for kind in kinds)
    return (
        f'<text:section text:name="s{number}"><text:section-source {link} text:filter-name="Text"/><text:p>old</text:p>'
        "</text:section>"
        f'<text:section text:name="t{number}"><text:section-source {link}/><text:p>old</text:p></text:section>'
        f"<text:p>{frames}</text:p>"
        f'<text:p text:style-name="P{number}">old</text:p>'
    )


def sheet(addresses: Iterable[str], touched: str = "/tmp/touched") -> bytes:
    """An ods: linked tables and ranges, formulas that ask, links of a DDE kind, providers of data, macros on loading."""
    addresses = list(addresses)
    cells = "".join(map(_cells, addresses))
    linked = "".join(
        f'<table:table table:name="L{n}"><table:table-source xlink:href={quoteattr(at)} table:filter-name='
        f'"Text - txt - csv (StarCalc)" table:filter-options="9,34,76" table:mode="copy-all" table:refresh-delay="PT1S"/>'
        "<table:table-row><table:table-cell><text:p>old</text:p></table:table-cell></table:table-row></table:table>"
        for n, at in enumerate(addresses)
    )
    ranges = "".join(
        f'<calcext:data-mapping xlink:href={quoteattr(at)} calcext:provider="{kind}" calcext:data-frequency="1" calcext:id="" '
        f'calcext:database-name="r"/>'
        for at in addresses
        for kind in ("org.libreoffice.calc.csv", "org.libreoffice.calc.html", "org.libreoffice.calc.xml")
    )
    more = f"<table:dde-links/><calcext:data-mappings>{ranges}</calcext:data-mappings>"
    rows = f'<table:table table:name="A">{cells}</table:table>{linked}{more}'
    return _open("spreadsheet", f"<office:spreadsheet>{rows}</office:spreadsheet>", addresses, touched)


def _cells(at: str) -> str:
    formulas = (
        f'of:=COM.MICROSOFT.WEBSERVICE("{at}")',
        f"of:=['{at}'#$Sheet1.A1]",
        f'of:=DDE("soffice";"{at}";"A1")',
        f"of:=INDIRECT(\"'{at}'#$Sheet1.A1\")",
        f'of:=COM.MICROSOFT.FILTERXML(COM.MICROSOFT.WEBSERVICE("{at}");"//x")',
    )
    source = (
        f'<table:cell-range-source table:name="CSV_all" xlink:href={quoteattr(at)} xlink:type="simple" xlink:actuate="onRequest" '
        'table:filter-name="Text - txt - csv (StarCalc)" table:filter-options="9,34,76" table:last-column-spanned="9" '
        'table:last-row-spanned="9" table:refresh-delay="PT1S"/>'
    )
    cells = "".join(
        f"<table:table-cell table:formula={quoteattr(each)}><text:p>old</text:p></table:table-cell>" for each in formulas
    )
    words = f"<table:table-cell>{source}<text:p>words before</text:p></table:table-cell>"
    return f"<table:table-row>{words}{cells}</table:table-row>"


def _open(kind: str, body: str, addresses: list[str], touched: str) -> bytes:
    """An OpenDocument package with these contents, styles with pictures that lie elsewhere, and a macro for each event."""
    events = "".join(
        f'<script:event-listener script:language="ooo:script" script:event-name="{event}" xlink:type="simple" '
        'xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/>'
        for event in ("dom:load", "office:new", "dom:unload", "office:print", "office:prepare-unload", "office:load-finished")
    )
    styles = "".join(
        f'<style:style style:name="P{n}" style:family="paragraph"><style:paragraph-properties><style:background-image '
        f'xlink:href={quoteattr(at)} xlink:type="simple" xlink:actuate="onLoad"/></style:paragraph-properties></style:style>'
        for n, at in enumerate(addresses)
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.2"><office:scripts>'
        f"<office:event-listeners>{events}</office:event-listeners></office:scripts><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body>{body}</office:body></office:document-content>"
    )
    library = (
        '<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false">'
    )
    macro = _BASIC.format(touched=touched, address=addresses[0] if addresses else "").replace("&", "&amp;").replace('"', "&quot;")
    parts: dict[str, bytes | str] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": content,
        "Basic/script-lc.xml": '<library:libraries xmlns:library="http://openoffice.org/2000/library" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><library:library library:name="Standard" '
        'library:link="false"/></library:libraries>',
        "Basic/Standard/script-lb.xml": f'{library}<library:element library:name="Module1"/></library:library>',
        "Basic/Standard/Module1.xml": '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" '
        f'script:language="StarBasic">{macro}</script:module>',
    }
    kinds = "".join(f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>' for name in parts)
    own = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{parts["mimetype"]}"/>'
    manifest = f"<manifest:manifest {_SPACES}>{own}{kinds}</manifest:manifest>"
    return samples.package(parts | {"META-INF/manifest.xml": manifest})
