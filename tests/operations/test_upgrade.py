"""docs/operations.md where it upgrades: from two earlier versions on, one after the other, with tasks that wait all the time."""

from contextlib import ExitStack

import pytest

from demo.printers.port import Port
from tests.operations import page
from tests.operations.office import SETTINGS, Office
from tests.operations.page import Operator
from tests.operations.sink import Sink
from tests.operations.versions import check_out, git, made

pytestmark = pytest.mark.long

#: Each version is the commit that made one of these files.
MARKS = ("docs/operations.md", "services/cli/commandline.py")


@pytest.fixture
def versions() -> list[str]:
    """Two that were, and this one; as far as it is committed."""
    return [*map(made, MARKS), git(page.ROOT, "rev-parse", "HEAD")]


@pytest.fixture
def office(tmp_path, versions, monkeypatch):
    """An installation of the oldest version, in a clone of its own, without a site."""
    monkeypatch.setattr(page, "ROOT", check_out(tmp_path / "opt", versions[0]))
    with ExitStack() as stack:
        label, none = stack.enter_context(Sink()), stack.enter_context(Sink())
        ports = {number: str(stack.enter_context(Port()).number) for number in ("39899", "39900", "4223")}
        places = {
            "/srv/printbus": str(tmp_path / "printbus"),
            "/mnt/backup": str(tmp_path / "backup"),
            "10.0.0.7:9100": f"127.0.0.1:{label.port}",
            "print.example.org": "localhost",
            "HTTP_HOST=0.0.0.0": "HTTP_HOST=127.0.0.1",
            **ports,
        }
        operator = Operator(tmp_path, places, SETTINGS)
        stack.callback(operator.close)
        operator.section("Install on one machine")
        yield Office(operator, label, none)


@pytest.mark.timeout(420)
def test_two_upgrades_one_after_the_other_keep_what_waits_and_print_on(office, versions, tmp_path):
    operator = office.operator
    office.print("Label", "with the first")
    office.call("pauseDevice", deviceName="Label")
    waiting = office.send("Label", "waits", "waits too")
    for number, version in enumerate(versions[1:]):
        blocks = operator.blocks("Upgrade")
        next(blocks)
        (tmp_path / "backup" / "before-upgrade").rename(tmp_path / "backup" / str(number))
        check_out(tmp_path / "opt", version)
        next(blocks)
        assert {office.statuses()[task] for task in waiting} == {"QUEUED"}
    office.call("resumeDevice", deviceName="Label")
    office.end(waiting)
    office.print("Label", "with the last")
    words = ("with the first", "waits", "waits too", "with the last")
    assert office.counts("Label", *words) == [1] * len(words)
