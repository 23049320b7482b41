"""One converter with real engines per test module, and what every test of a conversion needs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from libs.contracts.devices import Target
from libs.contracts.documents import Format, SealedRequest
from libs.contracts.tickets import Ticket
from services.converter.conversion import Converter, Finished
from services.converter.settings import ConverterSettings
from tests.converter.samples import order
from tests.waiting import until

Convert = Callable[..., Awaitable[Finished]]


def settings(folder: Path, **given: object) -> ConverterSettings:
    return ConverterSettings(data_dir=folder, fetch_allow_networks=["127.0.0.1/32"], **given)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def converter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Converter]:
    """A converter whose engines may reach 127.0.0.1, and no other address of this machine."""
    running = Converter(settings(tmp_path_factory.mktemp("data"), converter_workers=2, converter_lanes=1, convert_timeout=30))
    await running.start()
    yield running
    await running.close()
    await until(lambda: not of_ours(running), what="no process is left")


def of_ours(running: Converter) -> list[str]:
    """The command lines of processes that live in a converter's folders."""
    mark = str(running._settings.engines_dir)
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if mark in line:
            found.append(line)
    return found


@pytest.fixture
def convert(converter: Converter, tmp_path: Path) -> Convert:
    """Convert bytes, or what lies at an address."""

    async def run(
        kind: Format,
        data: bytes | SealedRequest,
        ticket: Ticket | None = None,
        target: Target | None = None,
        **document: bool,
    ) -> Finished:
        if isinstance(data, SealedRequest):
            return await converter.convert(order(kind, ticket, target, **document), None, tmp_path, data)
        source = tmp_path / "source"
        source.write_bytes(data)
        return await converter.convert(order(kind, ticket, target, **document), source, tmp_path)

    return run
