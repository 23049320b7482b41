"""`@pytest.mark.row(number)` and the fixture `row`: a test of one row of the catalogue, in its short or its full form."""

import json
import time
from pathlib import Path

import pytest

from bench.machine import commit
from tests.faults.catalogue import ROWS
from tests.faults.rig.evidence import update
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
        parts = _parts(report)
        parts.mkdir(parents=True, exist_ok=True)
        made.write(parts, *request.node.stash.get(_OUTCOME, ("failed", "it did not end")), took=time.monotonic() - begun)


def pytest_sessionstart(session):
    """The parts of an earlier run are in its report already."""
    if report := _report(session):
        for part in _parts(report).glob("*.json"):
            part.unlink()


def pytest_sessionfinish(session):
    if report := _report(session):
        found = [json.loads(part.read_text()) for part in sorted(_parts(report).glob("*.json"))]
        update(Path(report), found, commit=commit(), at=time.strftime("%Y-%m-%d", time.gmtime()), whole=_whole(session.config))


def _report(session):
    """The folder of the report, for who writes it: the one process that started the others."""
    return "" if hasattr(session.config, "workerinput") else session.config.getoption("--faults")


def _parts(report):
    return Path(report) / "parts"


def _whole(config):
    """Whether all rows are run: then nothing of an earlier run stays in the report."""
    return not config.option.keyword and config.args == ["tests/faults"]
