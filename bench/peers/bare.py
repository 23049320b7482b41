"""As little as can be: a nats-server that holds nothing, and an interpreter per service that has imported its libraries."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from libs.runtime import children
from libs.runtime.natsserver import binary

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "registry", "spooler", "converter", "agent", "webhooks")
_WAITS = "import services.{service}.app, sys, signal; sys.stdout.write('there\\n'); sys.stdout.flush(); signal.pause()"
_BUS = """\
listen: "127.0.0.1:-1"
jetstream {{ sync_interval: always, store_dir: {store} }}
"""


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[list[int]]:
    """The process ids of all of them, while the context lasts."""
    folder.mkdir()  # noqa: ASYNC240 - at once
    config = folder / "bare.conf"
    config.write_text(_BUS.format(store=json.dumps(str(folder / "jetstream"))))
    quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [children.start([binary(), "-c", str(config)], stdout=subprocess.DEVNULL, **quiet)]
    try:
        for service in SERVICES:
            argv = [sys.executable, "-c", _WAITS.format(service=service)]
            running.append(children.start(argv, cwd=ROOT, stdout=subprocess.PIPE, **quiet))
        for each in running[1:]:
            assert each.stdout is not None
            if await asyncio.to_thread(each.stdout.readline) != b"there\n":
                raise RuntimeError("a bare interpreter did not come up")
        yield [each.pid for each in running]
    finally:
        for each in running:
            await asyncio.to_thread(children.stop, each, 5)
