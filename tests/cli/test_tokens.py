"""Access tokens from the command line: of users for programs of one's own, and the keys that sign them."""

import time

from joserfc import jwt
from joserfc.jwk import KeySet

from libs.contracts.ids import guid, tenant_guid
from libs.runtime.issuing import Issuer
from services.gateway.oidc.trusted import ADMINISTRATORS

SCOPES = "PrintJob.Create printershare.readbasic.all"


def claims(say, token):
    found = jwt.decode(token, KeySet.import_key_set(Issuer(say.settings.keys_dir).jwks()), ["RS256"])
    assert found.header["typ"] == "at+jwt"
    return found.claims


def test_a_token_of_a_user(say):
    say.json("tenant", "add", "clinic")
    sn = say.json("application", "add", "--tenant", "clinic", "--name", "ERP")["sn"]
    anna = say.json("user", "add", "anna@example.org", "--tenant", "clinic", "--display", "Anna", "--administrator")
    wanted = ("user", "token", "Anna@Example.org", "--tenant", "clinic", "--application", sn, "--scopes", SCOPES)
    made = say.json(*wanted)
    told = claims(say, made["token"])
    assert (told["tid"], told["oid"], told["upn"]) == (tenant_guid("clinic"), anna["id"], "anna@example.org")
    assert (told["azp"], told["aud"], told["idtyp"]) == (guid("application", sn), "api://printbus", "user")
    assert told["iss"] == f"http://127.0.0.1:39899/{tenant_guid('clinic')}/v2.0"
    assert told["scp"] == "PrintJob.Create PrinterShare.ReadBasic.All"
    assert told["wids"] == [ADMINISTRATORS[0]]
    assert told["exp"] - told["iat"] == 3600
    again = (*wanted[:-4], "--application", guid("application", sn).upper(), "--scopes", SCOPES, "--expires", "12h")
    code, token, err = say(*again)
    assert (code, err) == (0, "")
    assert abs(claims(say, token.strip())["exp"] - time.time() - 12 * 3600) < 60
    audit = say("audit")[1]
    assert "user token made" in audit
    assert token.strip()[:60] not in audit

    def refused(**other):
        said = {"application": sn, "scopes": SCOPES, "tenant": "clinic", **other}
        return say.sentence("user", "token", "anna@example.org", *(word for name in said for word in (f"--{name}", said[name])))

    assert "7 days" in refused(expires="30d")
    assert "no enabled application" in refused(application="AAAAAAAA")
    assert "no enabled user" in refused(tenant="main")
    code, _, err = say(*wanted[:-1], "Mail.Read")
    assert code == 2
    assert "Mail.Read cannot be: write some of Printer.Create" in err
    say.json("user", "disable", "anna@example.org", "--tenant", "clinic")
    assert "no enabled user" in refused()


def test_no_tokens_where_nobody_would_believe_them(say, monkeypatch):
    monkeypatch.setenv("PRINTBUS_ISSUER_ENABLED", "false")
    said = ("user", "token", "anna", "--tenant", "main", "--application", "AAAAAAAA", "--scopes", "PrintJob.Create")
    assert "PRINTBUS_ISSUER_ENABLED" in say.sentence(*said)


def test_keys_are_rotated_and_dropped(say):
    (first,) = say.json("issuer", "show")
    assert (first["signs"], first["published until"]) == (True, "")
    fresh = say.json("issuer", "rotate")["key"]
    assert [(row["key"], row["signs"]) for row in say.json("issuer", "show")] == [(fresh, True), (first["key"], False)]
    assert "no more" in say("issuer", "rotate", "--drop")[1]
    assert [row["signs"] for row in say.json("issuer", "show")] == [True]
    assert say("audit")[1].count("issuer key rotated") == 2
