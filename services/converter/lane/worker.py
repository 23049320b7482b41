"""The program of one lane: starts LibreOffice beside itself and converts one document per line of its standard input.

Run by the Python that has LibreOffice's `uno`, inside the seal. Requests and replies are lines of JSON; see `Lane` in
services/converter/libreoffice.py. It ends when LibreOffice does.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException
from com.sun.star.uno import Exception as UnoException

_START = 60.0
_AGAIN = 81
_PR_SET_PDEATHSIG = 1
_NEVER_EXECUTE, _NO_UPDATE = 0, 0


def properties(**values: Any) -> tuple[Any, ...]:
    return tuple(PropertyValue(name, 0, value, 0) for name, value in values.items())


def start(program: str, home: str, name: str) -> Any:
    """Start LibreOffice and wait until it can be spoken to."""
    command = [
        program,
        "--headless",
        "--invisible",
        "--nologo",
        "--nodefault",
        "--norestore",
        "--nolockcheck",
        f"--accept=pipe,name={name};urp;",
        f"-env:UserInstallation=file://{home}/profile",
    ]

    # Looked up before the fork: a child that was forked while another thread loads libraries cannot load any.
    prctl = ctypes.CDLL(None).prctl

    def die_with_us() -> None:
        """Where a process namespace does not see to it, the kernel ends LibreOffice with this worker."""
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def run() -> None:
        quiet, again = subprocess.DEVNULL, _AGAIN
        while again == _AGAIN:  # a new profile makes LibreOffice ask for one more start
            office = subprocess.run(command, check=False, stdin=quiet, stdout=quiet, preexec_fn=die_with_us)  # noqa: S603 - ours
            again = office.returncode
        os._exit(3)

    threading.Thread(target=run, daemon=True).start()
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    deadline = time.monotonic() + _START
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={name};urp;StarOffice.ComponentContext")
        except NoConnectException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def convert(desktop: Any, job: dict[str, Any]) -> dict[str, str]:
    """Load with the first filter that takes the document, set its pages, store it as PDF. The reply."""
    document = None
    for name in job["filters"]:
        document = load(desktop, job["source"], name)
        if document is not None:
            break
    if document is None:
        return {"failure": "broken"}
    try:
        if job["landscape"] is not None or job["sheet"]:
            set_pages(document, landscape=job["landscape"], sheet=job["sheet"])
        options = properties(UseTaggedPDF=False, ExportBookmarks=False, ExportNotes=False, ReduceImageResolution=False, Quality=92)
        data = uno.Any("[]com.sun.star.beans.PropertyValue", options)
        try:
            document.storeToURL(f"file://{job['result']}", properties(FilterName=job["export"], FilterData=data))
        except DisposedException:
            raise
        except UnoException:
            # What has no page at all, an empty workbook, cannot be stored.
            return {"failure": "empty"}
    finally:
        with contextlib.suppress(UnoException):
            document.close(True)
    return {}


def load(desktop: Any, source: str, filter_name: str) -> Any:
    # Without Hidden, LibreOffice built without windows ends itself on every spreadsheet.
    options = properties(
        Hidden=True, ReadOnly=True, MacroExecutionMode=_NEVER_EXECUTE, UpdateDocMode=_NO_UPDATE, FilterName=filter_name
    )
    try:
        return desktop.loadComponentFromURL(f"file://{source}", "_blank", 0, options)
    except DisposedException:
        raise
    except UnoException:
        return None


def set_pages(document: Any, *, landscape: bool | None, sheet: Sequence[int] | None) -> None:
    """Give all page styles the sheet (width and height in 1/100 mm, upright) and the orientation, where they are asked for."""
    families = document.StyleFamilies
    styles = families.getByName("PageStyles") if families.hasByName("PageStyles") else None
    if styles is None:
        return
    for name in styles.ElementNames:
        style = styles.getByName(name)
        width, height = sheet or (style.Width, style.Height)
        lies = style.IsLandscape if landscape is None else landscape
        if landscape is not None or sheet:
            width, height = (max(width, height), min(width, height)) if lies else (min(width, height), max(width, height))
        style.IsLandscape = lies
        style.Width, style.Height = width, height


def main(program: str, home: str, name: str) -> int:
    # Python's and LibreOffice's own words must not mix with ours.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    desktop = start(program, home, name)
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        try:
            reply = convert(desktop, json.loads(line))
        except DisposedException:
            return 3
        print(json.dumps(reply), file=replies, flush=True)
    return 0


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
