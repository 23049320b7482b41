"""Fixtures of the plumbing's tests."""

from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.bus import Rig, running_bus


@pytest.fixture
async def rig(tmp_path) -> AsyncIterator[Rig]:
    """A bus of the test's own."""
    async with running_bus(tmp_path) as running:
        yield running


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter) -> SimpleSpanProcessor:
    return SimpleSpanProcessor(exporter)
