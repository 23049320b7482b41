"""A private D-Bus daemon: Debian's ippeveprinter ends at once where it finds no system bus, and ends with it."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from demo.printers.process import Process

_CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:abstract={name}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


@asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[str]:
    """Runs a D-Bus daemon; its address is for DBUS_SYSTEM_BUS_ADDRESS. `folder` takes its configuration and log.

    The address is an abstract one: paths of temporary folders can be longer than a socket's name may be.
    """
    name = f"printbus-{secrets.token_hex(8)}"
    configuration = folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(name=name))
    arguments = (f"--config-file={configuration}", "--nofork", "--nopidfile")
    daemon = await Process.start("dbus-daemon", *arguments, environment={}, log=folder / "bus.log")
    try:
        await _answers(daemon, name)
        yield f"unix:abstract={name}"
    finally:
        await daemon.stop()


async def _answers(daemon: Process, name: str, within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while daemon.running:
            if _listens(name):
                return
            await asyncio.sleep(0.01)
    raise RuntimeError(f"dbus-daemon did not start: {daemon.said()}")


def _listens(name: str) -> bool:
    """Whether somebody listens at an abstract address, which uvloop knows nothing of."""
    with socket.socket(socket.AF_UNIX) as knock:
        return knock.connect_ex(f"\0{name}") == 0
