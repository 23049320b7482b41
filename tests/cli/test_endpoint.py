"""`endpoint`: what the operator makes, changes, tests, sees and replays, on the dispatcher's database itself."""

import asyncio

import pytest

from libs.runtime.settings import read
from services.webhooks import enrol
from services.webhooks.settings import WebhooksSettings
from services.webhooks.signing import is_secret

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def clinic(say):
    """A tenant with an agent; the agent's SN."""
    say.json("tenant", "add", "clinic")
    return say.json("agent", "add", "--tenant", "clinic", "--name", "ward")["sn"]


def add(say, *words):
    return say.json("endpoint", "add", *words, URL)["id"]


def test_an_endpoint_of_a_client_may_lead_anywhere_and_shows_its_secret_once(say, clinic):
    made = say.json("endpoint", "add", "--client", clinic, URL)
    assert is_secret(made["secret"])
    code, out, err = say("endpoint", "list", "--tenant", "clinic")
    assert (code, err) == (0, "")
    assert made["id"] in out
    assert "whsec_" not in out
    assert "no client" in say.sentence("endpoint", "add", "--client", "nobody00", URL)
    assert "http://" in say.sentence("endpoint", "add", "--client", clinic, "ftp://example.org")


def test_a_whole_tenant_has_endpoints_with_what_they_choose(say, clinic):
    words = (
        "--tenant",
        "clinic",
        "--dialect",
        "cloudevents",
        "--binary",
        "--events",
        "end",
        "--devices",
        "Label",
        f"{clinic}/Office",
    )
    made = say.json("endpoint", "add", "--name", "erp", URL, *words)
    (row,) = say.json("endpoint", "list", "--tenant", "clinic")
    assert (row["id"], row["client"], row["dialect"], row["events"]) == (made["id"], "(all)", "cloudevents", ["end"])
    assert row["devices"] == ["Label", f"{clinic}/Office"]
    assert "no tenant" in say.sentence("endpoint", "add", "--tenant", "nobody", URL)
    assert "binary" in say.sentence("endpoint", "add", "--tenant", "clinic", "--binary", URL)
    code, _, err = say("endpoint", "add", "--tenant", "clinic", "--events", "often", URL)
    assert code == 2
    assert "no list of events" in err


def test_the_callback_of_an_application_is_set_changed_and_taken_away(say, clinic):
    made = say.json("endpoint", "callback", clinic, URL)
    assert (made["id"], is_secret(made["secret"])) == (f"callback-{clinic}", True)
    assert say.json("endpoint", "callback", clinic, URL + "/new") == {"id": made["id"]}
    (row,) = say.json("endpoint", "list", "--tenant", "clinic")
    assert (row["dialect"], row["url"], row["client"]) == ("webprinter", URL + "/new", clinic)
    say.json("endpoint", "callback", clinic, "--none")
    assert say.json("endpoint", "list", "--tenant", "clinic") == []
    assert "no endpoint" in say.sentence("endpoint", "callback", clinic, "--none")
    assert is_secret(say.json("endpoint", "callback", clinic, URL)["secret"])


def test_an_endpoint_is_changed_switched_off_and_on_rotated_and_removed(say, clinic):
    one = add(say, "--client", clinic)
    assert say.json("endpoint", "update", one, "--name", "till", "--events", "new,end", "--devices", "Label")["name"] == "till"
    off = say.json("endpoint", "disable", one)
    assert (off["enabled"], off["reason"]) == (False, "switched off by the operator")
    assert "switched off" in say.sentence("endpoint", "test", one)
    assert "switched off" in say.sentence("endpoint", "replay", one, "--since", "1d")
    on = say.json("endpoint", "enable", one)
    assert (on["enabled"], on["reason"], on["events"], on["devices"]) == (True, "", ["new", "end"], ["Label"])
    assert is_secret(say.json("endpoint", "rotate", one)["secret"])
    say.json("endpoint", "remove", one)
    assert "no endpoint" in say.sentence("endpoint", "remove", one)


def test_a_test_waits_for_a_dispatcher_and_stays_in_the_log(say, clinic, monkeypatch):
    monkeypatch.setattr("services.cli.verbs.endpoint.PATIENCE", 0.0)
    one = add(say, "--client", clinic)
    code, out, _ = say("endpoint", "test", one)
    assert code == 1
    assert "no dispatcher runs" in out
    (row,) = say.json("endpoint", "log", one)
    assert (row["event"], row["state"], row["attempts"], row["log"]) == ("Test", "waiting", 0, [])
    assert "printbus.test" in row["body"]
    assert "still waits" in say.sentence("endpoint", "replay", one, "--delivery", row["id"])
    assert "no delivery" in say.sentence("endpoint", "replay", one, "--delivery", "nothing")
    assert "Say which" in say.sentence("endpoint", "replay", one)
    assert say.json("endpoint", "replay", one, "--since", "1d") == {"count": 0}


def test_what_is_done_is_in_the_audit_log_without_a_secret(say, clinic):
    secret = say.json("endpoint", "add", "--client", clinic, URL)["secret"]
    say.json("endpoint", "callback", clinic, URL)
    noted = say.json("audit")
    assert [row["action"] for row in noted][-2:] == ["endpoint added", "callback set"]
    assert secret not in str(noted)


def test_a_callback_can_be_set_by_a_program(say, clinic):
    async def setting():
        async with enrol.open_desk(read(WebhooksSettings)) as desk:
            made, secret = await enrol.set_callback(desk, "clinic", clinic, URL)
            assert (made.trusted, made.secret) == (True, secret)
            return await enrol.set_callback(desk, "clinic", clinic, URL)

    again, secret = asyncio.run(setting())
    assert (again.sn, secret) == (clinic, "")


def test_endpoints_go_off_and_on_with_their_client_and_their_tenant(say, clinic):
    app = say.json("application", "add", "--tenant", "clinic", "--name", "erp", "--callback", URL)["sn"]
    own, whole, off = add(say, "--client", clinic), add(say, "--tenant", "clinic"), add(say, "--client", app)
    say("endpoint", "disable", off)

    def on():
        return {row["id"] for row in say.json("endpoint", "list", "--tenant", "clinic") if row["enabled"]}

    assert on() == {own, whole, f"callback-{app}"}
    say("application", "disable", app)
    assert on() == {own, whole}
    say("tenant", "disable", "clinic")
    assert on() == set()
    say("application", "enable", app)
    assert on() == set(), "its tenant is off"
    say("application", "disable", app)
    say("tenant", "enable", "clinic")
    assert on() == {own, whole}, "the application is off"
    say("application", "enable", app)
    assert on() == {own, whole, f"callback-{app}"}, "one that was off before stays off"
    say("application", "remove", app)
    assert {row["id"] for row in say.json("endpoint", "list", "--tenant", "clinic")} == {own, whole}
