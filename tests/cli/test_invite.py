"""`agent invite`: the token is shown once, with the command that uses it, and what keeps agents outside from coming."""

import pytest

from libs.contracts.ids import token_digest
from libs.runtime.authority import Authority
from libs.runtime.trust import fingerprint
from services.registry import enrolment


@pytest.fixture
def clinic(say):
    say.json("tenant", "add", "clinic")
    return say


def test_an_invitation_shows_token_fingerprint_and_command(clinic, monkeypatch):
    monkeypatch.setenv("PRINTBUS_NATS_TLS_PORT", "4223")
    monkeypatch.setenv("PRINTBUS_PUBLIC_URL", "https://print.example.org:39900")
    mark = fingerprint(Authority(clinic.settings.keys_dir).certificate())
    code, out, _ = clinic("agent", "invite", "--tenant", "clinic", "--name", "ward")
    assert code == 0
    token, *rest = out.splitlines()
    assert len(token) == 43
    assert f"python -m services join https://SERVER:PORT --fingerprint {mark}" in "\n".join(rest)
    assert "PRINTBUS_" not in out

    async def redeem(store):
        return await enrolment.redeem(store, token_digest(token), "U" + "A" * 55, "", 2**53)

    assert clinic.store(redeem).name == "ward"


def test_what_keeps_agents_outside_is_told_with_the_invitation(clinic):
    _, out, _ = clinic("agent", "invite", "--tenant", "clinic", "--name", "ward")
    assert "set PRINTBUS_NATS_TLS_PORT or PRINTBUS_NATS_WEBSOCKET_PORT" in out
    assert "PRINTBUS_PUBLIC_URL, which is not set" in out


def test_nobody_is_invited_to_nowhere(clinic):
    assert "no tenant" in clinic.sentence("agent", "invite", "--tenant", "other", "--name", "ward")
    assert "1 to 100 characters" in clinic.sentence("agent", "invite", "--tenant", "clinic")
    assert "no agent" in clinic.sentence("agent", "invite", "--tenant", "clinic", "--sn", "jueKiUEE")


def test_an_invitation_is_in_the_audit_log_without_its_token(clinic):
    token = clinic.json("agent", "invite", "--tenant", "clinic", "--name", "ward")["token"]
    rows = clinic.json("audit")
    assert any(row["action"] == "agent invited" for row in rows)
    assert token not in str(rows)
