"""Every decision record has its five parts, one sentence to quote, and names what enforces it - which exists."""

import re

import pytest

from tests.architecture.source import ROOT

PARTS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
LONGEST = 45
RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def parts(text: str) -> dict[str, str]:
    """Heading -> what stands below it."""
    pieces = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def test_records_are_numbered_without_gaps():
    assert [record.name[:4] for record in RECORDS] == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_has_its_five_parts(record):
    text = record.read_text()
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert len(text.splitlines()) <= LONGEST
    found = parts(text)
    assert list(found) == PARTS
    assert all(part.strip() for part in found.values())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_is_one_sentence_that_can_be_quoted(record):
    decision = parts(record.read_text())["Decision"]
    assert len(re.findall(r"\*\*[^*]+\.\*\*", decision)) == 1


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_what_enforces_a_decision_exists(record):
    named = re.findall(r"`([^`]+)`", parts(record.read_text())["Enforced by"])
    assert any("/" in name or name == "pyproject.toml" for name in named), "name the file that enforces it"
    for name in named:
        path, _, test = name.partition("::")
        if "/" not in path:
            continue
        assert (ROOT / path).exists(), f"{path} does not exist"
        assert not test or f"def {test}(" in (ROOT / path).read_text(), f"{path} has no {test}"
