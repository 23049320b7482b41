"""The page of runbooks: every alert with what the rule says of it, every row of the faults with alerts that there are."""

import re
import shutil

import pytest

from tests.faults.catalogue import ROWS
from tests.observability import test_prometheus
from tests.observability.faultseries import EVALUATION, FAULTS, SAMPLE, SLOW, meant, told
from tests.observability.promtool import judged, looked
from tests.observability.shown import FIRED
from tests.observability.test_catalogue import ALERTS, RUNBOOKS

PAGE = (RUNBOOKS / "README.md").read_text()


def rows(first):
    """The cells of each row of the page's tables that begins like this."""
    found = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(rf"\| {first} \|", line)]
    return [[cell.strip() for cell in cells] for cells in found]


def alerts():
    """Alert -> severity, how long it has to be true, when it fires, its page."""
    return {cells[0].strip("`"): cells[1:] for cells in rows(r"`\w+`")}


def test_every_alert_stands_on_the_page_as_its_rule_has_it():
    stands = alerts()
    assert sorted(stands) == sorted(ALERTS) == sorted(FAULTS)
    for name, (severity, lasts, after, page) in stands.items():
        rule = ALERTS[name]
        assert severity == rule["labels"]["severity"], name
        assert lasts == rule.get("for", ""), name
        assert after == f"{told(meant(after))} when {FAULTS[name].says}", name
        assert f"({rule['annotations']['runbook_url'].split('/')[-1]})" in page, name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")
@pytest.mark.parametrize("step", [SAMPLE, SLOW])
def test_each_alert_fires_as_soon_as_the_page_says_and_no_sooner(tmp_path, step):
    tests = {}
    evaluation = max(step, EVALUATION)
    for name, (_, _, after, _) in alerts().items():
        fault = FAULTS[name]
        begins = fault.before * fault.step
        fires = begins + meant(after)
        if fault.step == step:
            tests[name] = [looked(fault.series, name, {fires - evaluation: False, fires: True}, step)]
    assert judged(tmp_path, evaluation, tests) == ""


def test_every_row_of_the_faults_names_the_alerts_that_tell_it_or_why_none_does():
    stands = {int(cells[0]): cells[1:] for cells in rows(r"\d+")}
    assert {number: cells[0] for number, cells in stands.items()} == ROWS
    for number, (_, named, after, why) in stands.items():
        names = set(re.findall(r"\w+", named))
        assert names <= set(ALERTS), number
        assert after == (told(min(meant(alerts()[name][2]) for name in names)) if names else ""), number
        assert why, number


def test_every_alert_is_of_a_row_or_is_said_to_be_of_none():
    of_rows = {name for cells in rows(r"\d+") for name in re.findall(r"\w+", cells[2])}
    of_none = set(re.findall(r"`(\w+)`", PAGE.split("Alerts of no row:")[1].split("\n\n")[0]))
    assert of_rows.isdisjoint(of_none)
    assert of_rows | of_none == set(ALERTS)


def test_the_page_names_the_alerts_that_real_faults_make_fire():
    short, full = (
        set(re.findall(r"`([A-Z]\w+)`", PAGE.split(f"in `make {verb}`")[1].split("\n\n")[1])) for verb in ("test", "faults")
    )
    assert short == test_prometheus.EXPECTED
    assert full == FIRED


def test_every_runbook_is_found_from_the_page():
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)\)", PAGE))
