"""The tables of docs/vocabulary.md and the enums of the contracts say the same."""

from libs.contracts.states import IPP, STATUS, Reason, Stage, Status
from tests.architecture.source import ROOT


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without its head."""
    section = (ROOT / "docs" / "vocabulary.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_stages_are_those_of_the_contracts():
    documented = [tuple(row[:4]) for row in table("Where a task can be")]
    known = [(stage, *IPP[stage], STATUS[stage] or "-") for stage in Stage]
    assert documented == [tuple(str(word) for word in row) for row in known]


def test_every_stage_says_what_it_waits_for():
    assert [row[0] for row in table("Where a task can be") if not row[4]] == []


def test_the_reasons_are_those_of_the_contracts():
    assert [row[0] for row in table("Reasons")] == [str(reason) for reason in Reason]


def test_every_status_of_webprinter_is_reached_from_a_stage():
    assert set(STATUS.values()) - {None} == set(Status)


def test_a_word_is_explained_once():
    words = [row[0] for row in table("Things")]
    assert len(words) == len(set(words))
    assert all(row[1] for row in table("Things"))
