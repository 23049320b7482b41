"""`@pytest.mark.row(number)` and the fixture `row`: a test of one row of the catalogue, in its short or its full form."""

import json
import time
from pathlib import Path

import pytest

from tests.faults.catalogue import ROWS
from tests.faults.rig.evidence import write
from tests.faults.rig.row import Row

_OUTCOME = pytest.StashKey[tuple[str, str]]()


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "row(number, short=False): tests this row of the catalogue of faults; `short`: also in make test"
    )


def pytest_collection_modifyitems(config, items):
    """Without `--faults` only the tests with a short form stay."""
    rows = [(item, mark) for item in items if (mark := item.get_closest_marker("row"))]
    if unknown := [item.nodeid for item, mark in rows if mark.args[0] not in ROWS]:
        raise pytest.UsageError(f"the catalogue has no such row: {unknown[0]}")
    if not config.getoption("--faults"):
        long = {item for item, mark in rows if not mark.kwargs.get("short")}
        config.hook.pytest_deselected(items=list(long))
        items[:] = [item for item in items if item not in long]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" or report.outcome != "passed":
        item.stash[_OUTCOME] = (report.outcome, _why(report))
    return report


def _why(report):
    """The first lines of what is wrong, or the reason why it was skipped."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message[:400] if crash else ""


@pytest.fixture
def row(request, tmp_path):
    """The row that this test is about."""
    report = request.config.getoption("--faults")
    number = request.node.get_closest_marker("row").args[0]
    made = Row(number, request.node.name, tmp_path, full=bool(report))
    begun = time.monotonic()
    yield made
    made.close()
    if report:
        parts = Path(report) / "parts"
        parts.mkdir(parents=True, exist_ok=True)
        made.write(parts, *request.node.stash.get(_OUTCOME, ("failed", "it did not end")), took=time.monotonic() - begun)


def pytest_sessionstart(session):
    """The parts of an earlier run say nothing about this one."""
    if (report := session.config.getoption("--faults")) and not hasattr(session.config, "workerinput"):
        for part in (Path(report) / "parts").glob("*.json"):
            part.unlink()


def pytest_sessionfinish(session):
    if (report := session.config.getoption("--faults")) and not hasattr(session.config, "workerinput"):
        parts = sorted((Path(report) / "parts").glob("*.json"))
        write(Path(report), [json.loads(part.read_text()) for part in parts])
