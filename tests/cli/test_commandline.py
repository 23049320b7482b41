"""What is said wrongly is told by the verb that does not know it, with the word that was probably meant."""

import pytest
import structlog

from services.cli.commandline import main


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("tennant list", "there is no verb tennant; do you mean tenant?"),
        ("tenant ad north", "there is no action ad; do you mean add?"),
        ("tenant", "say what to do: add, list, disable, enable, remove"),
        ("tenant list --every", "tenant list: error: there is no --every here"),
        ("audit --limit 3", "audit: error: there is no --limit 3 here"),
        ("nonsense", "choose from"),
    ],
)
def test_a_word_that_there_is_not_is_named(capsys, words, told):
    with pytest.raises(SystemExit) as end:
        main(words.split())
    assert end.value.code == 2
    assert told in capsys.readouterr().err


def test_a_verb_says_its_sentence_and_does_not_log_each_attempt(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(tmp_path / "elsewhere"))
    before = structlog.get_config()
    try:
        main(["explain", "jueKiUEE-1"])
        structlog.get_logger().warning("bus error")
    finally:
        structlog.configure(**before)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("\n") == 1
    assert "No server runs in" in written.err


@pytest.mark.parametrize("words", ["tenant list", "tenant add north", "token add --client jueKiUEE --name live", "agent list"])
def test_a_folder_without_an_installation_is_not_made_one_by_the_way(tmp_path, monkeypatch, capsys, words):
    folder = tmp_path / "elsewhere"
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(folder))
    before = structlog.get_config()
    try:
        assert main(words.split()) == 1
    finally:
        structlog.configure(**before)
    told = capsys.readouterr().err
    assert "There is no installation in" in told
    assert "PRINTBUS_DATA_DIR" in told
    assert not folder.exists()
