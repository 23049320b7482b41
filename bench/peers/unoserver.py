"""A bare warm unoserver, asked by its own client.

Its documents are opened hidden: as it comes, spreadsheets crash Debian's LibreOffice without windows.
"""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import unoserver
from unoserver.client import UnoClient

from bench.peers.program import environment
from bench.processes import listening
from demo.printers.port import Port
from libs.runtime import children

#: It waits for seven seconds before it listens.
START = 60.0
_HIDDEN = """\
import sys
import unoserver.converter
from com.sun.star.beans import PropertyValue
from unoserver.server import main

class Hidden:
    def __init__(self, desktop):
        self.desktop = desktop
    def __getattr__(self, name):
        return getattr(self.desktop, name)
    def loadComponentFromURL(self, url, target, flags, properties):
        return self.desktop.loadComponentFromURL(url, "_blank", flags, (*properties, PropertyValue(Name="Hidden", Value=True)))

class Converter(unoserver.converter.UnoConverter):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.desktop = Hidden(self.desktop)

unoserver.converter.UnoConverter = Converter
sys.exit(main())
"""


class Warm:
    """One that runs."""

    def __init__(self, folder: Path, port: int) -> None:
        self._made = folder / "unoserver.pdf"
        self._client = UnoClient(port=str(port))

    async def seconds(self, source: Path) -> float:
        """What one document takes. Raises RuntimeError."""
        begun = time.perf_counter()
        await asyncio.to_thread(self._client.convert, inpath=str(source), outpath=str(self._made))
        taken = time.perf_counter() - begun
        if not self._made.read_bytes().startswith(b"%PDF"):
            raise RuntimeError("unoserver made no PDF")
        self._made.unlink()
        return taken


@asynccontextmanager
async def warm(folder: Path) -> AsyncIterator[Warm]:
    """Run it with Debian's Python, which has LibreOffice's `uno`, while the context lasts."""
    package = Path(unoserver.__file__).parent
    for part in (package, *package.parent.glob("unoserver-*.dist-info")):
        (folder / part.name).symlink_to(part)
    with Port() as xmlrpc, Port() as uno:
        options = ["--port", str(xmlrpc.number), "--uno-port", str(uno.number), "--user-installation", str(folder / "uno")]
        argv = ["/usr/bin/python3", "-c", _HIDDEN, *options, "--executable", "soffice"]
        with (folder / "unoserver.log").open("wb") as log:
            child = children.start(
                argv, env={**environment(folder), "PYTHONPATH": str(folder)}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            await listening(xmlrpc.number, START)
            yield Warm(folder, xmlrpc.number)
        finally:
            await asyncio.to_thread(children.stop, child, 10)
