"""Who asks at Graph's door: tokens of Entra ID and Keycloak as they look, and every attack on them that has a name."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from joserfc.jwk import OctKey, RSAKey

from libs.contracts.ids import tenant_guid
from libs.contracts.people import GetUser
from libs.contracts.queries import Code
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.issuing import Issuer
from services.gateway.graph.problem import Problem
from services.gateway.oidc.trusted import ADMINISTRATORS
from tests.gateway.oidc.issuing import (
    ANNA,
    APP,
    AUDIENCE,
    EC,
    ENTRA,
    RSA,
    RSA_2,
    TID,
    Rig,
    Web,
    app,
    claims,
    part,
    signed,
    trusted,
    user_claims,
)

ROLES = {"PrintJob.ReadWrite.All", "PrintTaskDefinition.ReadWrite.All"}


@pytest.fixture
def rig():
    return Rig(Web(RSA, EC), app())


async def expect_refused(rig, token, status=401):
    with pytest.raises(Problem) as caught:
        await rig.who(token)
    problem = caught.value
    assert problem.status == status, problem.message
    assert token not in problem.message + str(problem.headers)
    if status == 401:
        assert problem.code == "InvalidAuthenticationToken"
        challenge = problem.headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer realm="", authorization_uri="')
        assert 'error="invalid_token", error_description="' in challenge
    return problem.message


async def test_an_application_of_entra_id(rig):
    who = await rig.who(signed(claims()))
    assert (who.tenant, who.tenant_id, who.app, who.delegated, who.sn) == ("main", TID, APP, False, "ERPerp01")
    assert who.id == "0a0a0a0a-0000-4000-8000-0000000000aa"
    assert who.permissions == ROLES
    assert (who.name, who.groups, who.administrator) == ("", (), False)
    assert who.address == "192.0.2.1"


async def test_a_user_of_entra_id_v2(rig):
    said = user_claims(groups=["g-1", "g-2"], roles=["Ignored.Role"], wids=[ADMINISTRATORS[0]])
    who = await rig.who(signed(said, EC, "ES256"))
    assert (who.id, who.name, who.display, who.delegated) == (ANNA, "anna@example.org", "Anna", True)
    assert who.permissions == {"PrintJob.Create", "PrinterShare.ReadBasic.All"}
    assert who.groups == ("g-1", "g-2")
    assert who.administrator


@pytest.mark.parametrize("role", ADMINISTRATORS)
async def test_administrators_are_known_by_directory_role_or_by_app_role(rig, role):
    assert (await rig.who(signed(user_claims(wids=[role])))).administrator
    assert (await rig.who(signed(user_claims(roles=[role])))).administrator
    assert not (await rig.who(signed(user_claims(wids=["something-else"])))).administrator
    assert not (await rig.who(signed(claims(wids=[role])))).administrator, "an application is no administrator"


async def test_a_token_v1_of_entra_id():
    issuer = f"https://sts.windows.net/{TID}/"
    config = trusted(
        issuer="https://sts.windows.net/{tid}/",
        discovery="https://login.microsoftonline.com/{tid}/.well-known/openid-configuration",
    )
    web = Web(RSA, issuer=issuer)
    web.description = {"jwks_uri": f"https://login.microsoftonline.com/{TID}/discovery/keys"}
    rig = Rig(web, config=config)
    said = user_claims(iss=issuer, ver="1.0", appid=APP, azp=None, upn="anna@example.org", preferred_username=None)
    who = await rig.who(signed(said, x5t="abc"))
    assert (who.app, who.name, who.delegated) == (APP, "anna@example.org", True)
    assert web.asked[0] == f"https://login.microsoftonline.com/{TID}/.well-known/openid-configuration"


KEYCLOAK = "https://login.example/realms/office"


def keycloak(**more):
    names = {"scopes": "scope", "roles": "resource_access.printbus.roles", "administrators": ["realm_access.roles"]}
    return trusted(
        issuer=KEYCLOAK,
        tenants={},
        tenant="main",
        claims=names,
        administrators="print-admin",
        service_accounts="service-account-",
        **more,
    )


async def test_tokens_of_keycloak():
    rig = Rig(Web(RSA, issuer=KEYCLOAK), config=keycloak())
    roles = {"realm_access": {"roles": ["print-admin"]}, "resource_access": {"printbus": {"roles": sorted(ROLES)}}}
    common = {"iss": KEYCLOAK, "aud": ["account", AUDIENCE], "azp": "ERP", "oid": None, "tid": None, "roles": None, **roles}
    said = claims(**common, sub="s-1", scope="profile email", preferred_username="service-account-erp")
    who = await rig.who(signed(said))
    assert (who.app, who.id, who.delegated, who.permissions, who.administrator) == ("ERP", "s-1", False, ROLES, False)
    assert who.tenant_id == tenant_guid("main")
    said = claims(**common, sub="u-1", scope="openid PrintJob.Create", preferred_username="anna", name="Anna", groups=["/sales"])
    who = await rig.who(signed(said))
    assert (who.id, who.name, who.delegated, who.groups, who.administrator) == ("u-1", "anna", True, ("/sales",), True)
    assert who.permissions == {"openid", "PrintJob.Create"}
    said = claims(**common, sub="u-2", scope="profile", preferred_username="service-account-other")
    assert (await rig.who(signed(said))).delegated, "a user with the name of another client's account is a user"


async def test_a_tenant_that_is_not_mapped_is_named(rig):
    assert "'5a5a' is mapped to no tenant" in await expect_refused(rig, signed(claims(tid="5a5a")))
    assert "(tid) is missing" in await expect_refused(rig, signed(claims(tid=None)))


async def test_scopes_and_roles_never_mix(rig):
    both = await rig.who(signed(user_claims(roles=sorted(ROLES))))
    assert both.delegated
    assert both.permissions.isdisjoint(ROLES)
    alone = await rig.who(signed(claims(idtyp="app", scp="PrintJob.Create")))
    assert not alone.delegated
    assert alone.permissions == ROLES
    user = await rig.who(signed(user_claims(idtyp="user", scp=None, roles=sorted(ROLES))))
    assert user.delegated
    assert user.permissions == frozenset()


# Attacks.


async def test_alg_none_is_refused_however_it_is_written(rig):
    for algorithm in ("none", "None", "NONE", "", None):
        for end in ("", ".", part({"a": 1})):
            token = f"{part({'alg': algorithm, 'kid': RSA.kid})}.{part(claims())}.{end}"
            await expect_refused(rig, token)


async def test_a_public_key_is_no_shared_secret(rig):
    """Key confusion: HS256 with what everybody can read."""
    for secret in (RSA.as_pem(private=False), RSA.as_pem(private=False).strip(), json.dumps(RSA.as_dict(private=False)).encode()):
        head = f"{part({'alg': 'HS256', 'kid': RSA.kid})}.{part(claims())}"
        tag = base64.urlsafe_b64encode(hmac.digest(secret, head.encode(), hashlib.sha256)).decode().rstrip("=")
        assert "not signed by" in await expect_refused(rig, f"{head}.{tag}")


async def test_a_shared_secret_in_the_key_set_is_passed_over():
    web = Web(RSA)
    secret = OctKey.import_key("an issuer that publishes its shared secret", {"kid": "oct-1"})
    web.keys.append(secret.as_dict(private=True))
    await expect_refused(Rig(web), signed(claims(), secret, "HS256"))


async def test_the_algorithm_fits_the_key(rig):
    await expect_refused(rig, signed(claims(), RSA, "RS256", kid=EC.kid))
    await expect_refused(rig, signed(claims(), EC, "ES256", kid=RSA.kid))
    assert "signed by RS256 or ES256" in await expect_refused(rig, signed(claims(), RSA, "RS512"))


async def test_a_key_that_comes_with_the_token_is_nobodys(rig):
    mine = RSAKey.generate_key(2048, parameters={"kid": RSA.kid})
    public = mine.as_dict(private=False)
    for header in ({"jwk": public}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example/c"}, {"x5c": ["MIIB"]}):
        assert "signature" in await expect_refused(rig, signed(claims(), mine, **header))
    assert (await rig.who(signed(claims(), RSA, jku="https://evil.example/keys"))).app == APP, "it is not looked at"


async def test_what_must_be_understood_and_is_not_is_refused(rig):
    assert "crit" in await expect_refused(rig, signed(claims(), RSA, crit=["exp"], exp=1))
    assert "crit" in await expect_refused(rig, signed(claims(), RSA, crit=[]))


async def test_other_tokens_of_the_same_issuer_are_no_access_tokens(rig):
    for kind in ("logout+jwt", "dpop+jwt", "secevent+jwt"):
        assert "no access token" in await expect_refused(rig, signed(claims(), typ=kind))
    for kind in ("ID", "Refresh"):
        assert "no access token" in await expect_refused(rig, signed(claims(typ=kind)))
    assert "cnf" in await expect_refused(rig, signed(claims(cnf={"jkt": "x"})))
    for kind in ("at+jwt", "JWT", "application/at+JWT"):
        assert (await rig.who(signed(claims(typ="Bearer"), typ=kind))).app == APP


async def test_another_audience_issuer_or_no_application_is_refused(rig):
    assert "(aud)" in await expect_refused(rig, signed(claims(aud="https://other.example")))
    assert "(aud)" in await expect_refused(rig, signed(claims(aud=None)))
    assert "(aud)" in await expect_refused(rig, signed(claims(aud=[AUDIENCE + "/", 7])))
    assert "(iss)" in await expect_refused(rig, signed(claims(iss=ENTRA + "/")))
    assert "(iss)" in await expect_refused(rig, signed(claims(iss=ENTRA.upper())))
    assert "(iss)" in await expect_refused(rig, signed(claims(iss=None)))
    assert "application" in await expect_refused(rig, signed(claims(azp=None)))
    assert (await rig.who(signed(claims(aud=["x", AUDIENCE])))).app == APP


async def test_time_counts_with_some_skew(rig):
    now = int(time.time())
    assert "expired" in await expect_refused(rig, signed(claims(exp=now - 121)))
    assert "no end" in await expect_refused(rig, signed(claims(exp=None)))
    assert "(nbf)" in await expect_refused(rig, signed(claims(nbf=now + 180)))
    assert "(iat)" in await expect_refused(rig, signed(claims(iat=now + 180)))
    for odd in ("soon", True, [now + 60]):
        assert "is no time" in await expect_refused(rig, signed(claims(exp=odd)))
    assert "is no time" in await expect_refused(rig, signed(claims(exp=float("inf"))))
    await rig.who(signed(claims(exp=now - 60, nbf=now + 60, iat=now + 60)))


async def test_a_changed_or_broken_token_is_refused(rig):
    good = signed(claims())
    head, body, tag = good.split(".")
    await expect_refused(rig, f"{head}.{part(claims(roles=['PrintJob.Manage.All']))}.{tag}")
    await expect_refused(rig, f"{head}.{body}.{tag[:-8]}AAAAAAAA")
    await expect_refused(rig, f"{head}.{body}.")
    for odd in (f"{head}.{body}", f"{good}.{tag}", "a.b.c", "é.é.é", f"{part([1])}.{body}.{tag}", f"{part({})}.{part('x')}.{tag}"):
        await expect_refused(rig, odd)
    assert "longer than" in await expect_refused(rig, signed(claims(padding="x" * 30_000)))
    deep = f"{head}.{base64.urlsafe_b64encode(b'[' * 15_000).decode().rstrip('=')}.{tag}"
    await expect_refused(rig, deep)


async def test_no_token_is_told_where_to_get_one(rig):
    for headers in ({}, {"authorization": "Basic abc"}, {"authorization": "Bearer"}, {"authorization": ""}):
        with pytest.raises(Problem, match="Send an access token") as caught:
            await rig.bearers.principal(headers, "192.0.2.1")
        assert caught.value.status == 401


async def test_a_sentence_cannot_break_the_header(rig):
    message = await expect_refused(rig, signed(claims(tid='x"\r\nSet-Cookie: a=b')))
    with pytest.raises(Problem) as caught:
        await rig.who(signed(claims(tid='x"\r\nSet-Cookie: a=b')))
    assert "\n" not in caught.value.headers["WWW-Authenticate"]
    assert caught.value.headers["WWW-Authenticate"].count('"') == 8
    assert message


# Who is welcome.


async def test_a_disabled_application_is_refused_at_once(rig):
    token = signed(claims())
    await rig.who(token)
    rig.mirror.put(app(enabled=False))
    assert "disabled" in await expect_refused(rig, token)
    rig.mirror.put(app(app_id="another"))
    assert (await rig.who(token)).sn == "", "the registry need not know it"


async def test_a_disabled_user_is_refused_within_seconds_and_asked_for_once(rig):
    token = signed(user_claims())
    rig.add_user(administrator=True)
    assert (await rig.who(token)).administrator, "the registry says so"
    await rig.who(token)
    assert len([each for each in rig.bus.asked if isinstance(each, GetUser)]) == 1
    rig.add_user(enabled=False)
    rig.clock.now += 4
    assert "disabled" in await expect_refused(rig, token)
    rig.users.clear()
    rig.clock.now += 4
    assert (await rig.who(token)).name == "anna@example.org"


async def test_a_user_of_another_issuer_is_never_one_of_ours_by_name(rig):
    rig.users["anna@example.org"] = rig.add_user(administrator=True)
    rig.users.pop(ANNA)
    who = await rig.who(signed(user_claims(oid=None, sub="anna@example.org")))
    assert not who.administrator


async def test_nobody_of_a_disabled_tenant_is_let_in(rig):
    rig.bus.answers[GetUser] = Refused(Code.FORBIDDEN, "The tenant main is disabled, or there is none of this name.")
    for token in (signed(user_claims()), signed(claims(azp="unknown-here"))):
        for _ in range(3):
            assert "tenant main is disabled" in await expect_refused(rig, token)
    assert len(rig.bus.asked) == 2, "which is remembered for seconds"


@pytest.mark.parametrize("odd", ["x" * 65, "a\x00b", "line\nbreak"])
async def test_ids_that_cannot_be_kept_are_refused(rig, odd):
    assert "more than 64 characters" in await expect_refused(rig, signed(claims(azp=odd)))
    assert "more than 64 characters" in await expect_refused(rig, signed(claims(oid=odd)))
    who = await rig.who(signed(user_claims(name=odd, groups=[odd, "g-1"])))
    assert who.display.isprintable()
    assert who.groups == ("g-1",)


async def test_nobody_is_let_in_while_nobody_can_tell(rig):
    token = signed(user_claims())
    rig.bus.answers[GetUser] = Unanswered("nobody is there")
    assert "Nobody can tell" in await expect_refused(rig, token, 503)
    rig.bus.answers[GetUser] = rig.user
    rig.mirror.fresh = False
    await expect_refused(rig, token, 503)
    rig.mirror.fresh = True
    await rig.who(token)


# Wrong tokens.


async def test_who_shows_many_wrong_tokens_waits_and_who_was_let_in_goes_on():
    rig = Rig(Web(RSA), tries=5)
    mine, other = signed(claims()), signed(claims(oid="other", sub="other"))
    forged = f"{part({'alg': 'RS256', 'kid': 'rsa-1'})}.{part(claims(sub='guess', oid='guess'))}.AAAA"
    await rig.who(mine)
    for _ in range(5):
        await expect_refused(rig, forged)
    assert "Too many" in await expect_refused(rig, forged, 429)
    assert "Too many" in await expect_refused(rig, other, 429)
    assert (await rig.who(mine)).app == APP
    assert (await rig.who(signed(claims(iat=1)))).app == APP, "its next token as well"
    assert (await rig.who(other, "192.0.2.9")).app == APP


async def test_a_token_that_was_good_is_no_guess():
    rig = Rig(Web(RSA), tries=2)
    for _ in range(5):
        assert "expired" in await expect_refused(rig, signed(claims(exp=1000)))


async def test_a_second_key_is_told_by_its_id():
    rig = Rig(Web(RSA, RSA_2))
    assert (await rig.who(signed(claims(), RSA_2))).app == APP
    await expect_refused(rig, signed(claims(), RSA_2, kid=RSA.kid))
    await expect_refused(rig, signed(claims(), RSA_2, kid=""))


async def test_who_shows_a_client_token_is_told_where_it_is_good(tmp_path):
    rig = Rig(Web(RSA), issuer=Issuer(tmp_path))
    assert "at /oauth2/v2.0/token" in await expect_refused(rig, "a-clients-own-token")
    assert "at /oauth2/v2.0/token" not in await expect_refused(Rig(Web(RSA)), "a-clients-own-token")
