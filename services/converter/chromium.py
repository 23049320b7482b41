"""One Chromium: sealed, in a network that holds nothing but the proxy's gates, driven by Playwright."""

import asyncio
import contextlib
import os
import shlex
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import structlog
from playwright.async_api import Browser, BrowserContext, Error, Playwright, async_playwright

from services.converter import sandbox, watchdog
from services.converter.addresses import Guard
from services.converter.pool import EngineDied, EngineLate, OutOfMemory
from services.converter.proxy import Gate, Visit
from services.converter.sandbox import Sandbox
from services.converter.seal import Spec
from services.converter.settings import ConverterSettings

log = structlog.get_logger()

_START, _STOP = 30.0, 5.0
_HERE = Path(__file__).parent
_PROGRAMS = ("chromium-headless-shell", "chromium")
_ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--blink-settings=lazyLoadEnabled=false",  # what lies below the first screen is printed too
    "--js-flags=--max-old-space-size=512",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
]


class Chromium:
    """A browser with one context per document, each behind a gate of its own. Start it in the main thread."""

    def __init__(self, settings: ConverterSettings, box: Sandbox, guard: Guard) -> None:
        self._settings, self._box, self._guard = settings, box, guard
        self._folder: Path | None = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._gates: list[Gate] = []
        self._free: asyncio.Queue[Gate] = asyncio.Queue()
        self._over = False
        self.retired = False
        self.uses = self.users = 0

    @property
    def alive(self) -> bool:
        """Whether it can take another document."""
        return self._browser is not None and self._browser.is_connected() and not self.retired

    @property
    def pid(self) -> int:
        """The leader of its process group; 0 if it never started."""
        try:
            return int((self._wrapper.with_suffix(".pid")).read_text())
        except (OSError, ValueError):
            return 0

    @property
    def _wrapper(self) -> Path:
        assert self._folder is not None  # noqa: S101 - made by start
        return self._folder.with_name(self._folder.name + ".sh")

    async def start(self) -> None:
        """Start gates and browser, with Chromium's own sandbox where it works. Raises what prevents it."""
        self._playwright = await async_playwright().start()
        try:
            await self._launch(own_sandbox=True)
        except Error:
            log.info("chromium starts without its own sandbox")
            await self._end_browser()
            await self._launch(own_sandbox=False)

    async def close(self) -> None:
        """End the browser with everything that it started."""
        self.retired = True
        await self._end_browser()
        if self._playwright:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._playwright.stop(), _STOP)

    @asynccontextmanager
    async def context(self, visit: Visit, *, javascript: bool) -> AsyncIterator[BrowserContext]:
        """A fresh context that reaches the world through a gate of its own, for at most the time of one document.

        Raises `EngineLate`, `EngineDied` or `OutOfMemory` for what happens to the browser inside; it is retired then.
        """
        assert self._browser is not None  # noqa: S101 - started
        self._over = False
        gate = await self._free.get()
        try:
            async with (
                gate.open(visit),
                watchdog.watched(self.pid, self._settings.engine_memory, self._stop),
                asyncio.timeout(self._settings.convert_timeout),
                self._opened(gate, javascript) as context,
            ):
                yield context
        except TimeoutError:
            self.retired = True
            raise EngineLate from None
        except Error as error:
            if not self._browser.is_connected() or "crash" in error.message.lower():
                self.retired = True
                raise (OutOfMemory if self._over else EngineDied) from None
            raise
        finally:
            self._free.put_nowait(gate)

    @asynccontextmanager
    async def _opened(self, gate: Gate, javascript: bool) -> AsyncIterator[BrowserContext]:  # noqa: FBT001
        assert self._browser is not None  # noqa: S101 - started
        context = await self._browser.new_context(
            # Without <-loopback> the browser's own loopback would pass the proxy by.
            proxy={"server": f"http://127.0.0.1:{gate.port}", "bypass": "<-loopback>"},
            java_script_enabled=javascript,
            service_workers="block",
            accept_downloads=False,
            bypass_csp=True,  # our own style sheet sets the page
            locale="zh-CN",
        )
        try:
            yield context
        finally:
            # A renderer that spins is killed with its context.
            try:
                await asyncio.wait_for(asyncio.shield(context.close()), _STOP)
            except (Error, TimeoutError):
                self._stop_browser()

    def _stop(self) -> None:
        self._over = True
        self._stop_browser()

    def _stop_browser(self) -> None:
        self.retired = True
        sandbox.kill(self.pid)

    async def _launch(self, *, own_sandbox: bool) -> None:
        assert self._playwright is not None  # noqa: S101 - made by start
        self._folder = folder = self._box.folder("chromium")
        shutil.copyfile(_HERE / "fonts.conf", folder / "fonts.conf")
        spec = self._box.spec(folder)
        count = self._settings.converter_pages
        inside = "net" in spec.namespaces
        # Playwright's driver starts it, not we: the seal looks for no parent of ours, and dies with the driver.
        self._write_wrapper(replace(spec, parent=0, listen=count if inside else 0))
        waiting = asyncio.create_task(self._listeners(folder, count)) if inside else None
        self._browser = await self._playwright.chromium.launch(
            executable_path=self._wrapper,
            chromium_sandbox=own_sandbox,
            args=_ARGUMENTS,
            env=dict(self._box.environment(folder)),
            timeout=_START * 1000,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        listeners = await asyncio.wait_for(waiting, _START) if waiting else [_listener() for _ in range(count)]
        self._gates = [Gate(listener, self._guard) for listener in listeners]
        self._free = asyncio.Queue()
        for gate in self._gates:
            await gate.start()
            self._free.put_nowait(gate)

    def _write_wrapper(self, spec: Spec) -> None:
        assert self._folder is not None  # noqa: S101 - made by _launch
        command = shlex.join([*sandbox.prefix(spec), program(self._settings.chromium)])
        profile = f"--user-data-dir={self._box.home(self._folder)}/profile"
        record = shlex.quote(str(self._wrapper.with_suffix(".pid")))
        self._wrapper.write_text(f'#!/bin/sh\necho $$ > {record}\nexec {command} "$@" {shlex.quote(profile)}\n')
        self._wrapper.chmod(0o700)

    async def _listeners(self, folder: Path, count: int) -> list[socket.socket]:
        """The listening sockets that the seal makes in the browser's own network."""
        loop = asyncio.get_running_loop()
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as post:
                post.setblocking(False)
                post.bind(f"/proc/self/fd/{directory}/post")
                post.listen(1)
                sender, _ = await loop.sock_accept(post)
        finally:
            os.close(directory)
        with sender:
            received: asyncio.Future[list[int]] = loop.create_future()

            def receive() -> None:
                received.set_result(socket.recv_fds(sender, 1, count)[1])

            loop.add_reader(sender, receive)
            try:
                descriptors = await received
            finally:
                loop.remove_reader(sender)
        return [socket.socket(fileno=descriptor) for descriptor in descriptors]

    async def _end_browser(self) -> None:
        for gate in self._gates:
            await gate.close()
        if self._browser:
            with contextlib.suppress(Error, TimeoutError):
                await asyncio.wait_for(self._browser.close(), _STOP)
        if self._folder:
            if pid := self.pid:
                sandbox.kill(pid)
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            for path in (self._wrapper, self._wrapper.with_suffix(".pid")):
                path.unlink(missing_ok=True)


def program(wanted: str) -> str:
    """The browser to run. Raises `FileNotFoundError` with a sentence when there is none."""
    for name in [wanted] if wanted else _PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise FileNotFoundError("No browser for HTML was found; install chromium-headless-shell or set PRINTBUS_CHROMIUM.")


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener
