"""The page of runbooks: every alert with what the rule says of it, every row of the faults with alerts that there are."""

import re

from tests.faults.catalogue import ROWS
from tests.observability.test_catalogue import ALERTS, RUNBOOKS

PAGE = (RUNBOOKS / "README.md").read_text()


def rows(first):
    """The cells of each row of the page's tables that begins like this."""
    found = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(rf"\| {first} \|", line)]
    return [[cell.strip() for cell in cells] for cells in found]


def test_every_alert_stands_on_the_page_as_its_rule_has_it():
    told = {cells[0].strip("`"): cells[1:] for cells in rows(r"`\w+`")}
    assert sorted(told) == sorted(ALERTS)
    for name, (severity, lasts, page) in told.items():
        rule = ALERTS[name]
        assert severity == rule["labels"]["severity"], name
        assert lasts == rule.get("for", ""), name
        assert f"({rule['annotations']['runbook_url'].split('/')[-1]})" in page, name


def test_every_row_of_the_faults_names_the_alerts_that_tell_it_or_why_none_does():
    told = {int(cells[0]): cells[1:] for cells in rows(r"\d+")}
    assert {number: cells[0] for number, cells in told.items()} == ROWS
    for number, (_, alerts, why) in told.items():
        assert set(re.findall(r"\w+", alerts)) <= set(ALERTS), number
        assert why, number


def test_every_alert_is_of_a_row_or_is_said_to_be_of_none():
    of_rows = {name for cells in rows(r"\d+") for name in re.findall(r"\w+", cells[2])}
    of_none = set(re.findall(r"`(\w+)`", PAGE.split("Alerts of no row:")[1].split("\n\n")[0]))
    assert of_rows.isdisjoint(of_none)
    assert of_rows | of_none == set(ALERTS)


def test_every_runbook_is_found_from_the_page():
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)\)", PAGE))
