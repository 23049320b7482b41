"""The process of one Chromium: how it is started inside the seal, with listening sockets in its own network, and how it ends."""

import asyncio
import contextlib
import os
import shlex
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import structlog
from playwright.async_api import Browser, Error, Playwright, async_playwright

from services.converter import fonts, sandbox
from services.converter.sandbox import Sandbox
from services.converter.seal import Spec

log = structlog.get_logger()

START, STOP = 30.0, 5.0
_PROGRAMS = ("chromium-headless-shell", "chromium")
_ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--blink-settings=lazyLoadEnabled=false",  # what lies below the first screen is printed too
    "--js-flags=--max-old-space-size=512",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
]


class BrowserProcess:
    """One browser with `gates` listening sockets for the proxy. `wanted`: which program, empty for the best that is installed."""

    def __init__(self, box: Sandbox, wanted: str, gates: int) -> None:
        self._box, self._wanted, self._count = box, wanted, gates
        self._folder: Path | None = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    @property
    def browser(self) -> Browser:
        """The running browser."""
        assert self._browser is not None  # noqa: S101 - started
        return self._browser

    @property
    def alive(self) -> bool:
        return self._browser is not None and self._browser.is_connected()

    @property
    def pid(self) -> int:
        """The leader of its process group; 0 if there is none."""
        try:
            return int(self._wrapper.with_suffix(".pid").read_text()) if self._folder else 0
        except (OSError, ValueError):
            return 0

    async def start(self) -> list[socket.socket]:
        """Start the browser, with its own sandbox where that works; the listening sockets. Raises what prevents it."""
        self._playwright = await async_playwright().start()
        try:
            return await self._launch(own_sandbox=True)
        except (Error, TimeoutError) as error:
            log.warning("chromium did not start with its own sandbox, trying without", cause=str(error).splitlines()[0])
            await self._end()
            return await self._launch(own_sandbox=False)

    async def close(self) -> None:
        """End the browser with everything that it started."""
        await self._end()
        if self._playwright:
            with contextlib.suppress(Error, TimeoutError):
                await asyncio.wait_for(self._playwright.stop(), STOP)

    def kill(self) -> None:
        """End the browser at once."""
        if pid := self.pid:
            sandbox.kill(pid)

    @property
    def _wrapper(self) -> Path:
        assert self._folder is not None  # noqa: S101 - made by _launch
        return self._folder.with_name(self._folder.name + ".sh")

    async def _launch(self, *, own_sandbox: bool) -> list[socket.socket]:
        assert self._playwright is not None  # noqa: S101 - made by start
        self._folder = folder = self._box.folder("chromium")
        await asyncio.to_thread(fonts.install, folder)
        spec = self._box.spec(folder)
        inside = "net" in spec.namespaces
        # Playwright's driver starts it, not we: the seal looks for no parent of ours, and dies with the driver.
        self._write_wrapper(replace(spec, parent=0, listen=self._count if inside else 0))
        waiting = asyncio.create_task(_received(folder, self._count)) if inside else None
        try:
            self._browser = await self._playwright.chromium.launch(
                executable_path=self._wrapper,
                chromium_sandbox=own_sandbox,
                args=_ARGUMENTS,
                env=dict(self._box.environment(folder)),
                timeout=START * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            return await asyncio.wait_for(waiting, START) if waiting else [_listener() for _ in range(self._count)]
        finally:
            if waiting:
                waiting.cancel()

    def _write_wrapper(self, spec: Spec) -> None:
        assert self._folder is not None  # noqa: S101 - made by _launch
        command = shlex.join([*sandbox.prefix(spec), program(self._wanted)])
        profile = shlex.quote(f"--user-data-dir={self._box.home(self._folder)}/profile")
        record = shlex.quote(str(self._wrapper.with_suffix(".pid")))
        self._wrapper.write_text(f'#!/bin/sh\necho $$ > {record}\nexec {command} "$@" {profile}\n')
        self._wrapper.chmod(0o700)

    async def _end(self) -> None:
        if self._browser:
            with contextlib.suppress(Error, TimeoutError):
                await asyncio.wait_for(self._browser.close(), STOP)
        if self._folder:
            self.kill()
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            for path in (self._wrapper, self._wrapper.with_suffix(".pid")):
                path.unlink(missing_ok=True)


async def _received(folder: Path, count: int) -> list[socket.socket]:
    """The listening sockets that the seal makes in the browser's own network and sends out."""
    loop = asyncio.get_running_loop()
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as post:
            post.setblocking(False)
            # By the folder's descriptor: an address of a Unix socket has at most 107 bytes.
            post.bind(f"/proc/self/fd/{directory}/post")
            post.listen(1)
            sender, _ = await loop.sock_accept(post)
    finally:
        os.close(directory)
    with sender:
        received: asyncio.Future[list[int]] = loop.create_future()
        loop.add_reader(sender, lambda: received.set_result(socket.recv_fds(sender, 1, count)[1]))
        try:
            descriptors = await received
        finally:
            loop.remove_reader(sender)
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def program(wanted: str) -> str:
    """The browser to run. Raises `FileNotFoundError` with a sentence when there is none."""
    for name in [wanted] if wanted else _PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise FileNotFoundError("No browser for HTML was found; install chromium-headless-shell or set PRINTBUS_CHROMIUM.")
