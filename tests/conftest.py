"""Fixtures that the tests of several services share; their logs show failures as a running server does."""

import logging
from collections import Counter

import pytest
import structlog

from tests.postgres import database_url, postgres_cluster, postgres_url

__all__ = ["database_url", "postgres_cluster", "postgres_url"]


def pytest_addoption(parser):
    parser.addoption("--regions", action="store_true", help="run the long tests of regions and sites, too")
    parser.addoption("--operations", action="store_true", help="run the long tests of docs/operations.md, too")
    parser.addoption("--faults", metavar="FOLDER", help="run every row of faults in its full form, and write the report there")


def pytest_configure():
    """Plain tracebacks: those with every local variable take seconds each, in which no event loop moves."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@pytest.fixture(autouse=True)
def logs_as_before():
    """Whatever a test does to the logs of its process: one that goes on into a stream that is closed raises in other tests."""
    before, handlers = structlog.get_config(), logging.root.handlers[:]
    yield
    if structlog.get_config()["logger_factory"] is not before["logger_factory"]:
        structlog.configure(**before)
        logging.root.handlers[:] = handlers


def pytest_collection_modifyitems(items):
    """Every worker finds the same tests: no name may hold an address, which differs from process to process.

    Modules whose tests were given the most time come first: begun last, one of them would keep a single core busy at the end."""
    if named := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"give the parameters of {named[0]} ids of their own")
    patience: Counter[str] = Counter()
    for item in items:
        if mark := item.get_closest_marker("timeout"):
            patience[item.path] += mark.args[0]
    items.sort(key=lambda item: -patience[item.path])
