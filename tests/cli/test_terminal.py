"""What verbs write gives a terminal no orders, whatever a name is."""

import json

import pytest

from services.cli import terminal

EVIL = "a\r\n\x1b[31m\x9b2J\u2028\u202eexe.txt"


@pytest.mark.parametrize("as_json", [False, True])
def test_neither_a_value_nor_one_in_a_list_speaks_to_the_terminal(capsys, as_json):
    terminal.show([{"name": EVIL, "shared with": [EVIL]}], as_json=as_json)
    terminal.report({"name": EVIL}, f"added {EVIL}", as_json=as_json)
    said = capsys.readouterr().out
    assert not {"\r", "\x1b", "\x9b", "\u2028", "\u202e"} & set(said)


def test_json_says_it_all_the_same(capsys):
    terminal.show([{"name": EVIL}], as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"name": EVIL}]
