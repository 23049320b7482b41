"""The program of one worker process: jobs come through its standard input, a socket, with their files as descriptors."""

import codecs
import contextlib
import json
import os
import pickle
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from libs.contracts.documents import Format
from libs.contracts.marks import Place
from libs.contracts.tickets import ColorMode, Cut, Dither, Orientation
from services.converter import bundle, formulas, glyphs, images, officecheck, pwg, receipts, seal, shots, typesetting
from services.converter.domain import A4, Edges, Failure, Finishing, Layout, Outcome, Rejected, Roll, Stamp
from services.converter.finish import finish
from services.converter.workers import Limits

T = TypeVar("T")

_REQUEST, _FILES = 128 * 1024, 200
_CRASH = "The document could not be converted: something in it is not as it should be. Save it anew and send it again."
_MEMORY = "The document needs too much memory to convert; make it smaller or simpler."


def text(source: bytes, layout: Layout, wanted: Finishing, limits: Limits) -> Outcome:
    """Plain text to finished PDF, or to a web page (0 pages) if only a browser can show it."""
    return typesetting.typeset(source, layout, wanted, limits)


def texts(source: bytes, limits: Limits) -> Outcome:
    """Many short texts, each as `text` does it; one that fails is told so, beside the others."""
    made = [_attempted(partial(text, each.data, each.layout, each.finishing, limits)) for each in bundle.unpacked(source)]
    return Outcome(bundle.written(made), len(made), 0, 0)


def image(source: bytes, name: str, wanted: Finishing, natural: bool, limits: Limits) -> Outcome:  # noqa: FBT001 - as asked
    """A picture to finished PDF."""
    made = pwg.to_pdf(source, limits) if name == Format.PWG else images.to_pdf(source, name, limits, natural=natural)
    return finish(made, wanted, limits)


def pdf(source: bytes, wanted: Finishing, limits: Limits) -> Outcome:
    """Rendered pages to finished PDF."""
    return finish(source, wanted, limits)


def receipt(source: bytes, roll: Roll, limits: Limits) -> Outcome:
    """Finished PDF to ESC/POS."""
    return receipts.to_escpos(source, roll, limits)


def shot(source: bytes, number: int, dpi: int, color: ColorMode | None, limits: Limits) -> Outcome:
    """A page of finished PDF to PNG."""
    return shots.page_png(source, number, dpi, color, limits)


def roll_shot(source: bytes, number: int, roll: Roll, limits: Limits) -> Outcome:
    """A page of finished PDF as a receipt printer shows it, to PNG."""
    return shots.roll_png(source, number, roll, limits)


def formula(source: bytes, limits: Limits) -> Outcome:
    """A formula to a web page."""
    return formulas.to_page(source, limits)


def package(source: bytes, limits: Limits) -> str:
    """That an XPS package is one, and no bomb."""
    return officecheck.inspect_package(source, limits.bytes)


def office(source: bytes, said: Format, limits: Limits) -> str:
    """What an Office document really is, by its suffix."""
    return officecheck.inspect(source, said, limits.bytes)


JOBS: dict[str, Callable[..., Outcome | str]] = {
    "text": text,
    "texts": texts,
    "image": image,
    "pdf": pdf,
    "office": office,
    "package": package,
    "formula": formula,
    "receipt": receipt,
    "shot": shot,
    "roll shot": roll_shot,
}


def run(job: str, arguments: Sequence[Any], files: Sequence[int]) -> dict[str, Any]:
    """One job: reads the first file, writes the second. What is wrong with the document is told in the reply."""
    return _attempted(partial(_run, job, arguments, files))


def _run(job: str, arguments: Sequence[Any], files: Sequence[int]) -> dict[str, Any]:
    data, *_ = contents = [_read(file) for file in (*files[:1], *files[2:])]
    outcome = JOBS[job](data, *(_with_pictures(each, contents[1:]) for each in arguments))
    if isinstance(outcome, str):
        return {"suffix": outcome}
    with os.fdopen(files[1], "wb", closefd=False) as result:
        result.write(outcome.data)
    return {"pages": outcome.pages, "width": outcome.width, "height": outcome.height, "warnings": outcome.warnings}


def _attempted(work: Callable[[], T]) -> T | dict[str, Any]:
    """What `work` returns; what is wrong with its document is told in words."""
    try:
        return work()
    except Rejected as error:
        return {"failure": error.failure.value, "message": error.message}
    except MemoryError:
        return {"failure": Failure.MEMORY.value, "message": _MEMORY}
    except Exception as error:  # noqa: BLE001 - a document may make any library raise anything
        return {"failure": Failure.CRASH.value, "message": _CRASH, "where": _where(error)}


def _read(file: int) -> bytes:
    with os.fdopen(file, "rb", closefd=False) as source:
        return source.read()


def _with_pictures(argument: Any, pictures: Sequence[bytes]) -> Any:
    return replace(argument, pictures=tuple(pictures)) if isinstance(argument, Finishing) else argument


def _where(error: BaseException) -> str:
    """The kind of an error and the line it came from; never its text, which may hold the document's words."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"  # noqa: PTH119
    return f"{type(error).__name__} at {place}"


def rehearse() -> None:
    """Run every job once: what Python loads only when it is first needed cannot be found from inside the seal."""
    limits = Limits(pages=10, pixels=100, bytes=1_000_000)
    layout = Layout(21000, 29700, Edges(), forced=False, margins_forced=False)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "latin-1", "idna", "cp437", "unicode_escape"):
        codecs.lookup(encoding)
    text("\U00012000 \u05d0".encode(), layout, Finishing(), limits)
    made = text("Abc \u4e2d\n".encode(), layout, Finishing(), limits).data
    texts(bundle.packed([bundle.Short(b"Abc", layout, Finishing())]), limits)
    pdf(made, Finishing(sheet=A4, number_up=2, copies=3, duplex=True, orientation=Orientation.REVERSE_LANDSCAPE), limits)
    pdf(made, Finishing(grey=True), limits)
    marked = Finishing(grey=True, stamps=(Stamp(Place.FOOTER, "{page}"), Stamp(Place.WATERMARK, picture=0)), repeats=2)
    for sample in images.samples().values():
        pdf(made, replace(marked, pictures=(sample,)), limits)
    for name, sample in images.samples().items():
        image(sample, name, Finishing(sheet=A4, enlarge=True), False, limits)
    for dither in Dither:
        roll = Roll(64, dither, Cut.FULL, drawer=True)
        receipt(made, roll, replace(limits, pixels=1_000_000))
        roll_shot(made, 1, roll, replace(limits, pixels=1_000_000))
    shot(made, 1, 20, ColorMode.MONOCHROME, replace(limits, pixels=1_000_000))
    with contextlib.suppress(Rejected):
        pwg.to_pdf(pwg.SYNC, limits)
    for broken in (b"%PDF-1.5 broken", made[: len(made) // 2], b"no pdf"):
        with contextlib.suppress(Rejected):
            pdf(broken, Finishing(), limits)


def main(spec: str) -> None:
    """Rehearse, seal, then serve until the other end closes."""
    images.prepare()
    officecheck.prepare()
    glyphs.prepare()
    receipts.prepare()
    rehearse()
    seal.seal(seal.read_spec(spec))
    with socket.socket(fileno=0) as requests:
        requests.send(b"{}")
        while True:
            request, files, _, _ = socket.recv_fds(requests, _REQUEST, _FILES)
            if not request:
                return
            try:
                job, arguments = pickle.loads(request)  # noqa: S301 - only the service that started us can write here
                requests.send(json.dumps(run(job, arguments, files)).encode())
            finally:
                for file in files:
                    os.close(file)


if __name__ == "__main__":
    main(sys.argv[1])
