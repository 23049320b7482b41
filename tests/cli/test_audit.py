"""Whatever a verb changes stands in the audit log: a new verb has to say what it leaves there, or that it only looks."""

import argparse
import json
import re
from contextlib import asynccontextmanager

from libs.contracts.ledger import LetterReplayed
from services.cli.commandline import parser
from services.cli.verbs import dead
from tests.architecture.source import ROOT

#: Verb -> what it leaves in the log.
RECORDED = {
    "agent add": "agent added",
    "agent invite": "agent invited",
    "agent disable": "agent disabled",
    "agent enable": "agent enabled",
    "application add": "app added",
    "application disable": "app disabled",
    "application enable": "app enabled",
    "application remove": "app removed",
    "application name": "app named",
    "application grant": "app roles changed",
    "application revoke": "app roles changed",
    "application allow": "app allowed",
    "application deny": "app denied",
    "application key add": "app key added",
    "application key remove": "app key removed",
    "backup": "backup taken",
    "dead replay": "letter replayed",
    "definition set": "definition changed",
    "definition unbind": "trigger removed",
    "endpoint add": "endpoint added",
    "endpoint callback": "callback set",
    "endpoint update": "endpoint changed",
    "endpoint enable": "endpoint switched on",
    "endpoint disable": "endpoint switched off",
    "endpoint remove": "endpoint removed",
    "endpoint rotate": "endpoint secret rotated",
    "endpoint test": "endpoint tested",
    "endpoint replay": "deliveries replayed",
    "group add": "group added",
    "group members": "group changed",
    "group remove": "group removed",
    "issuer rotate": "issuer key rotated",
    "join": "agent enrolled",  # by the registry that lets it in
    "link": "link made",
    "offer add": "printer offered",
    "offer permit": "offer changed",
    "offer forbid": "offer changed",
    "offer rename": "offer changed",
    "offer move": "offer changed",
    "offer withdraw": "offer withdrawn",
    "printer rename": "printer changed",
    "printer remove": "printer removed",
    "restore": "restored",
    "share add": "device shared",
    "share remove": "device unshared",
    "tenant add": "tenant added",
    "tenant disable": "tenant disabled",
    "tenant enable": "tenant enabled",
    "tenant remove": "tenant removed",
    "token add": "token added",
    "token revoke": "token revoked",
    "unlink": "link ended",
    "unknown give-up": "tasks resolved",
    "unknown printed": "tasks resolved",
    "unknown reprint": "tasks resolved",
    "user add": "user added",
    "user set": "user changed",
    "user disable": "user changed",
    "user enable": "user changed",
    "user remove": "user removed",
    "user token": "user token made",
}
#: These only look.
LOOKS = {
    "agent list", "application list", "application show", "application key list", "audit", "dead list", "definition list", "doctor",
    "endpoint list", "endpoint log", "explain", "group list", "issuer show", "ledger", "offer list", "offer show", "printer list",
    "printer show", "share list", "tenant list", "token list", "unknown list", "user list", "user show",
}  # fmt: skip
#: These make what the log itself stands on, where there may be none yet.
BEFORE_THE_LOG = {"migrate", "provision", "streams"}


def verbs(words: argparse.ArgumentParser, said: tuple[str, ...] = ()) -> list[str]:
    """Each thing that can be said, without its arguments."""
    further = [each for each in words._actions if isinstance(each, argparse._SubParsersAction)]
    if not further:
        return [" ".join(said)]
    return [verb for name, next_ in further[0].choices.items() for verb in verbs(next_, (*said, name))]


def test_every_verb_says_what_it_leaves_in_the_log_or_only_looks():
    assert sorted(verbs(parser())) == sorted([*RECORDED, *LOOKS, *BEFORE_THE_LOG])


def test_what_verbs_leave_in_the_log_is_written_somewhere():
    source = "\n".join(path.read_text() for path in (ROOT / "services").rglob("*.py"))
    noted = re.findall(r"note\((.*)", source)
    words = " ".join(noted).replace("{role.value}", "agent app").replace("{how}", "changed switched on switched off")
    for action in set(RECORDED.values()):
        first, _, rest = action.partition(" ")
        assert f'"{action}"' in words or (first in words and rest in words), action


def test_what_is_done_again_is_in_the_log(say, monkeypatch):
    class Bus:
        async def ask(self, question, *, timeout):  # noqa: ASYNC109 - as the bus has it
            assert (question.stream, question.sequence, timeout) == ("INTAKE", 17, 10)
            return LetterReplayed(tasks=("AGENT001-1",))

    @asynccontextmanager
    async def inquiry():
        yield Bus(), "local"

    async def letters(_history, _subject):
        return []

    monkeypatch.setattr(dead, "inquiry", inquiry)
    monkeypatch.setattr(dead, "History", lambda *_: None)
    monkeypatch.setattr(dead, "_letters", letters)
    assert say.json("dead", "replay", "INTAKE", "17")["tasks"] == ["AGENT001-1"]
    (row,) = say.json("audit")
    assert (row["action"], row["what"], row["details"]) == ("letter replayed", "INTAKE 17", {"tasks": ["AGENT001-1"]})
    assert row["who"]


def test_a_link_to_another_region_is_in_the_log_without_what_it_holds(say, tmp_path):
    link = tmp_path / "local-for-us.link"
    say.json("link", "us", "asia", "--out", link)
    (row,) = say.json("audit")
    assert (row["action"], row["what"], row["details"]) == ("link made", "us", {"others": ["asia"], "addresses": [], "new": False})
    secrets = [each for each in json.loads(link.read_text()).values() if isinstance(each, str) and len(each) > 20]
    assert secrets
    assert not any(each in json.dumps(row) for each in secrets)
