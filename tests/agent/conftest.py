"""Real virtual printers for the agent's tests, one of a kind per test module."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.printers.eve import EvePrinter


@pytest.fixture
async def eve(tmp_path: Path) -> AsyncIterator[EvePrinter]:
    folder = tmp_path / "eve"
    folder.mkdir()
    async with EvePrinter(folder) as printer:
        yield printer
