"""The built-in issuer: what it says of itself, tokens for applications, and what becomes of these when something is taken away."""

import base64
import time

import msal
import pytest
from joserfc import jwt
from prometheus_client import CollectorRegistry

from libs.contracts.directory import ClientEntry, ClientKind, Scope
from libs.contracts.ids import guid, tenant_guid, token_digest
from libs.contracts.queries import Entries, LookUp
from libs.runtime.issuing import Issuer
from services.gateway.graph.problem import Problem
from services.gateway.graph.rights.permissions import APPLICATION
from services.gateway.issuer.routes import issuer_routes
from services.gateway.oidc.own import KIND, user_claims
from services.gateway.pace import Pace
from tests.gateway.issuer.server import BASE, ROLES, SECRET, SN, TENANT, Http, Server
from tests.gateway.oidc.issuing import ANNA, app, token_entry


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


async def test_it_describes_itself_where_programs_look(server):
    for tenant, issuer in (("", BASE), (TENANT, f"{BASE}/{TENANT}/v2.0"), ("main", f"{BASE}/{TENANT}/v2.0")):
        path = f"/{tenant}/v2.0" if tenant else ""
        told = (await server.ask("GET", f"{path}/.well-known/openid-configuration")).json()
        below = f"{BASE}/{tenant}" if tenant else BASE
        assert (told["issuer"], told["token_endpoint"]) == (issuer, f"{below}/oauth2/v2.0/token")
        keys = await server.ask("GET", told["jwks_uri"])
        assert keys.json() == server.issuer.jwks()
        assert "max-age" in keys.headers["cache-control"]
        sign_in = await server.ask("GET", told["authorization_endpoint"])
        assert (sign_in.status_code, sign_in.json()["error"]) == (400, "unsupported_response_type")
    told = (await server.ask("GET", "/organizations/v2.0/.well-known/openid-configuration")).json()
    assert told["issuer"] == f"{BASE}/{{tenantid}}/v2.0"
    again = await server.ask("GET", "/.well-known/oauth-authorization-server", "https://127.0.0.1:39900")
    assert again.json()["issuer"] == "https://127.0.0.1:39900"
    evil = await server.ask("GET", "/.well-known/openid-configuration", headers={"Host": "evil.example"})
    assert "evil" not in evil.text


async def test_an_application_gets_a_token_for_an_hour(server):
    answer = await server.token()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    claims = await server.claims(path=f"/{TENANT}/oauth2/v2.0/token")
    assert claims["iss"] == f"{BASE}/{TENANT}/v2.0"
    assert (claims["tid"], claims["appid"], claims["azp"]) == (TENANT, guid("application", SN), guid("application", SN))
    assert (claims["idtyp"], claims["roles"]) == ("app", sorted(ROLES))
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["jti"] != (await server.claims())["jti"]
    who = await server.rig.who(answer["access_token"])
    assert (who.tenant, who.tenant_id, who.sn, who.delegated) == ("main", TENANT, SN, False)
    assert (who.app, who.permissions, who.display) == (guid("application", SN), frozenset(ROLES), "ERP")


@pytest.mark.parametrize("client", [SN, guid("application", SN), guid("application", SN).upper()])
async def test_an_application_is_known_by_its_number_and_by_its_id(server, client):
    assert await server.token(client_id=client)


async def test_the_secret_may_come_in_the_header(server):
    basic = base64.b64encode(f"{SN}:{SECRET}".encode()).decode()
    form = {"grant_type": "client_credentials", "scope": "api://printbus/.default"}
    answer = await server.ask("POST", "/oauth2/v2.0/token", data=form, headers={"Authorization": f"Basic {basic}"})
    assert answer.status_code == 200
    wrong = base64.b64encode(f"{SN}:wrong".encode()).decode()
    answer = await server.ask("POST", "/oauth2/v2.0/token", data=form, headers={"Authorization": f"Basic {wrong}"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        (f"{BASE}/.default", "api://printbus"),
        ("api://printbus/.default", "api://printbus"),
        ("https://print.example/.default openid profile", "api://printbus"),
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com//.default", "https://graph.microsoft.com"),
        ("00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000"),
        (".default", "api://printbus"),
        (None, "api://printbus"),
    ],
)
async def test_every_way_to_ask_for_all_that_was_granted(server, scope, audience):
    assert (await server.claims(scope=scope))["aud"] == audience
    assert (await server.rig.who((await server.token(scope=scope))["access_token"])).sn == SN


async def test_the_older_endpoint_asks_for_a_resource(server):
    assert (await server.claims(path="/main/oauth2/token", scope=None, resource="https://graph.microsoft.com/"))["aud"] == (
        "https://graph.microsoft.com"
    )


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"grant_type": None}, "invalid_request", 400),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"client_id": None}, "invalid_request", 400),
        ({"client_secret": None}, "invalid_client", 400),
        ({"client_secret": "wrong"}, "invalid_client", 401),
        ({"client_secret": "x" * 2000}, "invalid_client", 401),
        ({"client_id": "another1"}, "invalid_client", 401),
        ({"scope": "https://graph.microsoft.com/PrintJob.Read.All"}, "invalid_scope", 400),
        ({"scope": "a/.default b/.default"}, "invalid_scope", 400),
        ({"client_assertion": "e.y.J", "client_secret": None}, "invalid_request", 400),
        ({"path": f"/{tenant_guid('other')}/oauth2/v2.0/token"}, "invalid_request", 400),
    ],
)
async def test_what_is_wrong_is_said_as_rfc_6749_has_it(server, form, error, status):
    answer = await server.token(status=status, **form)
    assert answer["error"] == error
    assert answer["error_description"]


async def test_forms_that_are_none_are_refused(server):
    async def error(**more):
        answer = await server.ask("POST", "/oauth2/v2.0/token", **more)
        return answer.status_code, answer.json()["error"]

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert await error(json={"grant_type": "client_credentials"}) == (400, "invalid_request")
    assert await error(content=b"scope=a&scope=b&grant_type=client_credentials", headers=form) == (400, "invalid_request")
    assert await error(content=b"\xff=\xff", headers=form) == (400, "invalid_request")
    assert await error(content=b"x" * 70_000, headers=form) == (413, "invalid_request")
    for given in ("!", base64.b64encode(b"no colon").decode()):
        data = {"grant_type": "client_credentials"}
        assert await error(data=data, headers={"Authorization": f"Basic {given}"}) == (400, "invalid_request")
    assert (await server.ask("GET", "/oauth2/v2.0/token")).status_code == 405


async def test_only_applications_have_tokens(server):
    server.put(ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT))
    assert (await server.token(status=401))["error"] == "invalid_client"


async def test_a_secret_that_was_made_just_now_is_good_at_once(server):
    fresh = token_entry(token_digest("fresh"))

    def told(query):
        if fresh.key in query.keys:
            server.put(fresh)  # and the mirror has it a moment later
        return Entries(entries=(fresh,) if fresh.key in query.keys else ())

    server.rig.bus.answers[LookUp] = told
    assert await server.token(client_secret="fresh")


@pytest.mark.parametrize(
    ("scopes", "roles"),
    [
        ((Scope.READ,), {"Printer.Read.All", "PrintJob.ReadBasic.All", "PrintJob.Read.All"}),
        ((Scope.PRINT,), set()),
        (tuple(Scope), set(APPLICATION)),
        ((), set(APPLICATION)),
    ],
)
async def test_a_secret_gives_no_more_than_it_is_good_for(server, scopes, roles):
    server.put(app(app_id="", roles=APPLICATION), token_entry(token_digest(SECRET), scopes=scopes))
    assert set((await server.claims())["roles"]) == roles


async def test_a_token_ends_with_the_secret_that_it_was_given_for(server):
    server.put(token_entry(token_digest(SECRET), expires_at=(int(time.time()) + 60) * 1000))
    assert 58 <= (await server.token())["expires_in"] <= 60


async def test_what_is_taken_away_is_gone_from_tokens_that_are_out(server):
    token = (await server.token())["access_token"]
    await server.rig.who(token)
    server.put(app(app_id="", roles=ROLES[:1]))
    assert (await server.rig.who(token)).permissions == {ROLES[0]}, "roles"
    server.put(app(app_id="", roles=ROLES, enabled=False))
    with pytest.raises(Problem, match="disabled"):
        await server.rig.who(token)
    server.put(app(app_id="", roles=ROLES))
    server.remove(token_entry(token_digest(SECRET)).key)
    with pytest.raises(Problem, match="revoked"):
        await server.rig.who(token)
    server.put(token_entry(token_digest(SECRET)))
    server.remove(app().key)
    with pytest.raises(Problem, match="no such application"):
        await server.rig.who(token)


async def test_a_users_token_says_what_the_registry_says_now(server):
    user = server.rig.add_user(groups=("g-1",), administrator=True)
    now = int(time.time())
    about = {"iss": "http://127.0.0.1", "aud": "api://printbus", "iat": now, "exp": now + 60}
    token = server.issuer.sign({**about, **user_claims(app(), user, ["PrintJob.Create"])}, KIND)
    who = await server.rig.who(token)
    assert (who.id, who.name, who.display, who.groups, who.administrator) == (ANNA, "anna@example.org", "Anna", ("g-1",), True)
    assert (who.delegated, who.permissions, who.sn) == (True, {"PrintJob.Create"}, SN)
    server.rig.add_user(administrator=False)
    server.rig.clock.now += 4
    assert not (await server.rig.who(token)).administrator
    server.rig.users.clear()
    server.rig.clock.now += 4
    with pytest.raises(Problem, match="no such user"):
        await server.rig.who(token)


async def test_what_else_is_signed_here_is_no_access_token(server):
    claims = jwt.decode((await server.token())["access_token"], server.issuer.believed()[0], ["RS256"]).claims
    for token in (server.issuer.sign(claims), server.issuer.sign({**claims, "printbus": "x"}, KIND)):
        with pytest.raises(Problem) as caught:
            await server.rig.who(token)
        assert caught.value.status == 401
    with pytest.raises(Problem, match="audience"):
        await server.rig.who(server.issuer.sign({**claims, "aud": "https://other"}, KIND))


async def test_tokens_outlive_a_rotation_but_not_a_drop(server, monkeypatch):
    monkeypatch.setattr("libs.runtime.issuing.LOOK", 0.0)
    elsewhere = Issuer(server.settings.keys_dir)
    token = (await server.token())["access_token"]
    elsewhere.rotate()
    await server.rig.who(token)
    second = (await server.token())["access_token"]
    await server.rig.who(second)
    elsewhere.rotate(drop=True)
    for each in (token, second):
        with pytest.raises(Problem, match="no longer good"):
            await server.rig.who(each)


async def test_whoever_guesses_secrets_waits(tmp_path):
    server = Server(tmp_path, token_tries=3)
    await server.token()
    for _ in range(3):
        await server.token(status=401, client_secret="guess")
    answer = await server.token(status=429, client_secret="guess")
    assert answer["error"] == "temporarily_unavailable"
    await server.token()


async def test_it_can_be_switched_off(tmp_path):
    server = Server(tmp_path, issuer_enabled=False)
    assert issuer_routes(server, server.settings, Pace("addresses", CollectorRegistry())) == []


def test_msal_gets_a_token(tmp_path):
    http = Http(Server(tmp_path))
    here = "https://127.0.0.1:39900"
    application = msal.ConfidentialClientApplication(
        guid("application", SN),
        client_credential=SECRET,
        authority=f"{here}/{TENANT}",
        validate_authority=False,
        instance_discovery=False,
        http_client=http,
    )
    got = application.acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
    assert got.get("token_type") == "Bearer", got
    plain = msal.ConfidentialClientApplication(SN, client_credential="wrong", oidc_authority=f"{here}/main/v2.0", http_client=http)
    assert plain.acquire_token_for_client(scopes=["api://printbus/.default"])["error"] == "invalid_client"
