"""All engines of one converter: made lazily, stopped together."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from libs.contracts.documents import Format, SealedRequest
from libs.runtime.vetting import Guard
from services.converter import webpage, xps
from services.converter.browsers import Browsers
from services.converter.bundle import Answer, Short, packed, read
from services.converter.chromium import Chromium
from services.converter.domain import Finishing
from services.converter.fetch import Fetcher
from services.converter.libreoffice import Lane, OfficeJob
from services.converter.pool import EngineDied, OutOfMemory, Pool, twice
from services.converter.proxy import Visit
from services.converter.sandbox import Sandbox
from services.converter.settings import ConverterSettings
from services.converter.webpage import WebPage
from services.converter.workers import Limits, Worker

#: Seconds after which a document is one that takes long: a worker has most of them done in a tenth of the time. LibreOffice is
#: slower, and may have to be started anew after one; where another document waits, its time is as short.
_PATIENCE, _OFFICE_PATIENCE = 1.0, 5.0


class Engines:
    """What formats render with. Nothing runs before the first document."""

    def __init__(self, settings: ConverterSettings) -> None:
        self.settings = settings
        self.limits = Limits(settings.max_pages, settings.max_pixels, settings.max_document)
        self._box = Sandbox(settings.engines_dir, [settings.data_dir])
        self.workers: Pool[Worker] = Pool(
            "worker",
            lambda: Worker(settings, self._box),
            limit=settings.converter_workers,
            spare=0,
            recycle=settings.engine_recycle * 20,
            idle=settings.engine_idle,
            patience=_PATIENCE,
        )

        self.lanes: Pool[Lane] = Pool(
            "office",
            lambda: Lane(settings, self._box),
            limit=settings.converter_lanes,
            spare=1,
            recycle=settings.engine_recycle,
            idle=settings.engine_idle,
            patience=_OFFICE_PATIENCE,
            courtesy=_PATIENCE,
        )

        self._turns = asyncio.Semaphore(settings.converter_workers)
        self._guard = Guard(settings.fetch_allow_networks, "PRINTBUS_FETCH_ALLOW_NETWORKS")
        self._fetcher = Fetcher(self._guard, settings.max_document)
        self.browsers = Browsers(
            lambda: Chromium(settings, self._box, self._guard),
            limit=settings.converter_pages,
            recycle=settings.engine_recycle,
            idle=settings.engine_idle,
            proof=settings.convert_timeout / 2,
        )

    async def start(self) -> None:
        """Clear what a killed run left behind."""
        await asyncio.to_thread(self._box.clear)

    async def close(self) -> None:
        """Stop every engine."""
        await asyncio.gather(self.workers.close(), self.lanes.close(), self.browsers.close(), self._fetcher.close())
        await asyncio.to_thread(self._box.clear)

    @property
    def kinds(self) -> dict[str, Pool[Worker] | Pool[Lane] | Browsers]:
        """Kind of engine -> those of it."""
        return {"worker": self.workers, "office": self.lanes, "html": self.browsers}

    async def fetch(self, request: SealedRequest, path: Path) -> Path:
        """Download a remote document to `path`. Raises `Rejected` for one that cannot be had."""
        return await self._fetcher.fetch(request, path)

    async def page(self, page: WebPage, visit: Visit) -> bytes:
        """Render a web page to PDF. Raises `Rejected`, or `Unreachable` for a host that may answer later."""

        async def together() -> bytes:
            async with self.browsers.shared() as browser:
                return await _rendered(browser)

        async def alone() -> bytes:
            async with self.browsers.alone() as browser:
                return await _rendered(browser)

        async def _rendered(browser: Chromium) -> bytes:
            async with browser.page(visit, javascript=page.javascript) as tab:
                return await webpage.render(tab, page, visit)

        return await twice(together, alone)

    async def office(self, source: Path, result: Path, job: OfficeJob) -> str:
        """Render an Office document to PDF; the failure that LibreOffice met, or an empty string. Raises `Rejected`."""

        async def render() -> str:
            async with self.lanes.borrow() as lane:
                return await lane.convert(source, result, job)

        return await twice(render)

    async def inspect(self, source: Path, said: Format) -> str:
        """What an Office document really is, by its suffix. Raises `Rejected` for one that LibreOffice must not see."""
        reply = await twice(lambda: self._work("office", source, None, [said]))
        return str(reply["suffix"])

    async def check_package(self, source: Path) -> None:
        """That an XPS package is one. Raises `Rejected` for one that must not be opened."""
        await twice(lambda: self._work("package", source, None, []))

    async def xps(self, source: Path, result: Path) -> None:
        """Render an XPS document to PDF, as many at once as there are workers. Raises `Rejected`."""

        async def render() -> None:
            async with self._turns:
                await xps.convert(self.settings, self._box, source, result)

        await twice(render)

    async def work(self, job: str, source: Path, result: Path, *arguments: Any) -> dict[str, Any]:
        """One job of a worker process: `source` in, `result` out. Raises `Rejected`."""
        return await twice(lambda: self._work(job, source, result, arguments))

    async def texts(self, texts: Sequence[Short]) -> list[Answer]:
        """Many short texts as one job of a worker process, without any folder.

        Raises `EngineDied` or `EngineLate`, and then nobody knows which of them did it.
        """
        files = [os.memfd_create("texts"), os.memfd_create("made")]
        try:
            with os.fdopen(files[0], "wb", closefd=False) as source:
                source.write(packed(texts))
            os.lseek(files[0], 0, os.SEEK_SET)
            async with self.workers.borrow() as worker:
                await worker.do("texts", [self.limits], files)
            if (size := os.fstat(files[1]).st_size) > self.limits.bytes:
                raise OutOfMemory
            return read(os.pread(files[1], size, 0), len(texts))
        except ValueError:
            raise EngineDied from None
        finally:
            for file in files:
                os.close(file)

    async def _work(self, job: str, source: Path, result: Path | None, arguments: Sequence[Any]) -> dict[str, Any]:
        async with self.workers.borrow() as worker:
            # An engine that was broken into may have put a link where its result should be.
            files = [os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)]
            try:
                if result is not None:
                    files.append(os.open(result, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
                files += [os.open(each, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC) for each in _pictures(arguments)]
                return await worker.do(job, [*arguments, self.limits], files)
            finally:
                for file in files:
                    os.close(file)


def _pictures(arguments: Sequence[Any]) -> list[str]:
    """The files of images that finishing needs."""
    return [str(each) for given in arguments if isinstance(given, Finishing) for each in given.pictures]
