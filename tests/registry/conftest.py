"""Fixtures of the registry's tests."""

from contextlib import AsyncExitStack

import pytest

from tests.registry.fleet import make_fleet


@pytest.fixture
async def fleet(database_url, tmp_path):
    """A clinic and its rival on SQLite and on PostgreSQL."""
    async with AsyncExitStack() as stack:
        yield await make_fleet(database_url, tmp_path, stack)
