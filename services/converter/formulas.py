"""An OpenDocument formula as a web page: what it holds is MathML, which browsers draw."""

import io
import zipfile
from xml.etree import ElementTree as ET

from libs.contracts.documents import Format
from services.converter import officecheck
from services.converter.domain import Failure, Outcome, Rejected
from services.converter.workers import Limits

_MATHML = "http://www.w3.org/1998/Math/MathML"
_BROKEN = "The formula is damaged or incomplete; save it anew and send it again."
_PAGE = "<!doctype html><meta charset=utf-8><style>body{{font-size:18pt;margin:0;text-align:center}}</style>{}"


def to_page(source: bytes, limits: Limits) -> Outcome:
    """The formula in a page of HTML. Raises `Rejected`."""
    officecheck.inspect(source, Format.ODF, limits.bytes)
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as package:
            root = ET.fromstring(package.read("content.xml"))  # noqa: S314 - it declares no entities: that was looked for
    except (KeyError, ET.ParseError, zipfile.BadZipFile) as error:
        raise Rejected(Failure.BROKEN, _BROKEN) from error
    if root.tag != f"{{{_MATHML}}}math":
        raise Rejected(Failure.BROKEN, _BROKEN)
    for parent in root.iter():
        for child in [each for each in parent if each.tag.startswith(f"{{{_MATHML}}}annotation")]:
            parent.remove(child)
    ET.register_namespace("", _MATHML)
    root.set("display", "block")
    return Outcome(_PAGE.format(ET.tostring(root, encoding="unicode")).encode(), 0, 0, 0)
