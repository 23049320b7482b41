"""The command line: what people write, what they are told, what the directory says then, and what the audit log keeps."""

import json
import stat
import time

import pytest

from libs.contracts.directory import ClientKind, Scope, client_key, device_key, token_key
from libs.contracts.ids import device_id, token_digest


@pytest.fixture
def clinic(say):
    """A tenant with an agent that has two printers; the agent's SN."""
    say.json("tenant", "add", "clinic", "--name", "诊所")
    sn = say.json("agent", "add", "--tenant", "clinic", "--name", "ward")["sn"]
    say.report_devices(sn, "clinic", "Office", "Label")
    return sn


def users(say, sn, name):
    return say.entry(device_key(sn, device_id(sn, name))).users


def test_tenants_are_added_listed_disabled_and_removed(say):
    assert say("tenant", "add", "clinic", "--name", "诊所") == (0, "The tenant clinic is added.\n", "")
    assert "already" in say.sentence("tenant", "add", "clinic")
    assert "lower-case" in say.sentence("tenant", "add", "Clinic!")
    assert [(row["tenant"], row["name"], row["enabled"], row["clients"]) for row in say.json("tenant", "list")] == [
        ("clinic", "诊所", True, 0)
    ]
    code, table, _ = say("tenant", "list")
    assert code == 0
    assert table.splitlines()[0].split() == ["TENANT", "NAME", "ENABLED", "CLIENTS", "ADDED"]
    assert say.json("tenant", "disable", "clinic") == {"tenant": "clinic", "enabled": False}
    assert not say.json("tenant", "list")[0]["enabled"]
    say.json("tenant", "remove", "clinic")
    assert say("tenant", "list") == (0, "(none)\n", "")
    assert "no tenant" in say.sentence("tenant", "remove", "clinic")


def test_a_disabled_tenant_disables_its_clients_and_cannot_be_removed_while_it_has_some(say, clinic):
    say.json("tenant", "disable", "clinic")
    assert not say.entry(client_key(clinic)).enabled
    say.json("tenant", "enable", "clinic")
    assert say.entry(client_key(clinic)).enabled
    assert "has clients" in say.sentence("tenant", "remove", "clinic")


@pytest.mark.parametrize("verb", ["agent", "application", "definition", "group", "offer", "printer", "share", "user"])
def test_a_tenant_that_there_is_not_has_no_list_either(say, verb):
    assert "no tenant 'clinik'" in say.sentence(verb, "list", "--tenant", "clinik")


def test_an_agent_gets_credentials_that_only_its_owner_can_read(say, clinic):
    (row,) = say.json("agent", "list")
    assert row == {"sn": clinic, "tenant": "clinic", "name": "ward", "enabled": True, "devices": 2}
    assert [each["device"] for each in say.json("agent", "list", "--devices")] == ["Label", "Office"]
    path = say.settings.keys_dir / f"{clinic}.creds"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "no tenant" in say.sentence("agent", "add", "--tenant", "nobody", "--name", "x")
    say.json("agent", "disable", clinic)
    assert not say.entry(client_key(clinic)).enabled


def test_a_token_is_shown_once_and_kept_as_a_digest(say, clinic):
    before = int(time.time() * 1000)
    made = say.json("token", "add", "--client", clinic, "--name", "till", "--scopes", "print,read", "--expires", "90d")
    entry = say.entry(token_key(token_digest(made["token"])))
    assert entry.scopes == (Scope.PRINT, Scope.READ)
    assert before + 89 * 86_400_000 < entry.expires_at < before + 91 * 86_400_000
    code, table, _ = say("token", "list", "--client", clinic)
    assert code == 0
    assert "till" in table
    assert "good" in table
    assert made["token"] not in table + json.dumps(say.json("token", "list")) + say("audit")[1]
    assert "revoke it first" in say.sentence("token", "add", "--client", clinic, "--name", "till")
    say.json("token", "revoke", "--client", clinic, "--name", "till")
    assert say.entry(token_key(token_digest(made["token"]))) is None
    assert say.json("token", "list")[0]["state"] == "revoked"
    assert "no valid token" in say.sentence("token", "revoke", "--client", clinic, "--name", "till")
    assert "no client" in say.sentence("token", "list", "--client", "ABCDEFGH")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scopes", "print,fly"), "print,read,manage"),
        (("--scopes", ","), "no list of scopes"),
        (("--expires", "soon"), "90d"),
        (("--expires", "2001-01-01"), "is over"),
    ],
)
def test_what_is_said_wrongly_is_told_with_what_to_write_instead(say, words, told):
    code, out, err = say("token", "add", "--client", "x", "--name", "y", *words)
    assert (code, out) == (2, "")
    assert told in err


def test_an_application_uses_what_it_is_allowed(say, clinic):
    made = say.json("application", "add", "--tenant", "clinic", "--name", "shop", "--devices", f"{clinic}/Office")
    app = made["sn"]
    assert say.entry(client_key(app)).role is ClientKind.APP
    assert users(say, clinic, "Office") == (app,)
    assert users(say, clinic, "Label") == ()
    say.json("application", "allow", app, "--all-devices")
    say.report_devices(clinic, "clinic", "Office", "Label", "New")
    assert users(say, clinic, "New") == (app,)
    shown = say.json("application", "show", app)
    assert shown["devices"] == [f"{clinic}/Label", f"{clinic}/New", f"{clinic}/Office"]
    assert shown["allowed"] == ["all devices", f"{clinic}/Office"]
    say.json("application", "deny", app, "--all-devices")
    assert users(say, clinic, "New") == ()
    assert users(say, clinic, "Office") == (app,)
    assert "not allowed" in say.sentence("application", "deny", app, "--all-devices")
    say.json("application", "disable", app)
    assert not say.json("application", "list", "--tenant", "clinic")[0]["enabled"]
    token = say.json("token", "add", "--client", app, "--name", "t")["token"]
    say.json("application", "remove", app)
    assert say.json("application", "list") == []
    assert say.entry(client_key(app)) is None
    assert say.entry(token_key(token_digest(token))) is None
    assert users(say, clinic, "Office") == ()
    assert "no application" in say.sentence("application", "show", app)


def test_an_application_is_added_with_its_callback_or_not_at_all(say, clinic):
    made = say.json("application", "add", "--tenant", "clinic", "--name", "shop", "--callback", "https://203.0.113.9/hook")
    assert made["secret"]
    (row,) = say.json("endpoint", "list", "--tenant", "clinic")
    assert (row["client"], row["url"], row["dialect"]) == (made["sn"], "https://203.0.113.9/hook", "webprinter")
    assert made["secret"] not in json.dumps(say.json("audit"))
    assert say.json("audit")[-1]["action"] == "callback set"
    assert "url" in say.sentence("application", "add", "--tenant", "clinic", "--name", "bad", "--callback", "ftp://x")
    assert [each["name"] for each in say.json("application", "list")] == ["shop"]
    say.json("application", "remove", made["sn"])
    assert say.json("endpoint", "list", "--tenant", "clinic") == []


def test_nothing_is_allowed_or_shared_across_tenants(say, clinic):
    say.json("tenant", "add", "other")
    app = say.json("application", "add", "--tenant", "other", "--name", "spy", "--all-devices")["sn"]
    assert users(say, clinic, "Office") == ()
    assert "no agent" in say.sentence("application", "allow", app, "--devices", f"{clinic}/Office")
    assert "no agent" in say.sentence("application", "add", "--tenant", "other", "--name", "x", "--devices", f"{clinic}/*")
    assert len(say.json("application", "list")) == 1, "what could not be made whole is not made"
    assert "no client" in say.sentence("share", "add", "--agent", clinic, "--device", "Office", "--with", app)
    assert "no application" in say.sentence("application", "allow", clinic, "--all-devices")


def test_shares_are_added_listed_and_removed(say, clinic):
    app = say.json("application", "add", "--tenant", "clinic", "--name", "shop")["sn"]
    office = ("--agent", clinic, "--device", "Office")
    assert say.json("share", "add", *office)["with"] == ["everybody"]
    assert sorted(say.json("share", "add", *office, "--with", app)["with"]) == sorted(["everybody", app])
    assert set(users(say, clinic, "Office")) == {"*", app}
    assert {row["with"] for row in say.json("share", "list")} == {"everybody", app}
    assert say.json("share", "remove", *office, "--with", "everybody")["with"] == [app]
    assert say.json("share", "remove", *office)["with"] == []
    assert users(say, clinic, "Office") == ()
    assert "listDevices" in say.sentence("share", "add", "--agent", clinic, "--device", "Nowhere")
    assert "cannot be shared" in say.sentence("share", "add", "--agent", clinic, "--device", "Roaming Print")


def test_every_action_is_in_the_audit_log_with_who_did_it(say, clinic):
    app = say.json("application", "add", "--tenant", "clinic", "--name", "shop", "--all-devices")["sn"]
    token = say.json("token", "add", "--client", app, "--name", "till", "--scopes", "print")["token"]
    say.json("share", "add", "--agent", clinic, "--device", "Office")
    say.json("token", "revoke", "--client", app, "--name", "till")
    log = say.json("audit")
    assert [(row["action"], row["what"]) for row in log] == [
        ("tenant added", "clinic"),
        ("agent added", clinic),
        ("app added", app),
        ("app allowed", app),
        ("token added", app),
        ("device shared", f"{clinic}/Office"),
        ("token revoked", app),
    ]
    assert len({row["who"] for row in log}) == 1
    assert log[0]["who"]
    assert log[4]["details"]["scopes"] == ["print"]
    assert token not in json.dumps(log)
    assert say.json("audit", "--since", "1h") == log
    assert say.json("audit", "--since", "2100-01-01") == []
    assert [row["action"] for row in say.json("audit", "--tenant", "other")] == []
    assert "device shared" in say("audit")[1]


def test_the_same_verbs_work_on_postgresql(say, postgres_url, monkeypatch):
    monkeypatch.setenv("PRINTBUS_DATABASE_URL", postgres_url)
    say.json("tenant", "add", "clinic")
    app = say.json("application", "add", "--tenant", "clinic", "--name", "shop", "--all-devices")["sn"]
    say.json("token", "add", "--client", app, "--name", "till")
    assert say.json("application", "show", app)["tokens"] == ["till"]
    say.json("application", "remove", app)
    say.json("tenant", "remove", "clinic")
    assert [row["action"] for row in say.json("audit")][-2:] == ["app removed", "tenant removed"]


def test_a_name_cannot_speak_to_the_terminal(say):
    say.json("tenant", "add", "a", "--name", "\x1b[31mred\nnext")
    assert "\x1b" not in say("tenant", "list")[1]
    assert say("tenant", "list")[1].count("\n") == 2


def test_a_wrong_setting_is_a_sentence(say, monkeypatch):
    monkeypatch.setenv("PRINTBUS_DATABASE_URL", "mysql://x")
    code, out, err = say("tenant", "list")
    assert (code, out) == (2, "")
    assert "PRINTBUS_DATABASE_URL" in err
