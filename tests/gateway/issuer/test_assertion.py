"""Applications that sign in the place of a secret (RFC 7523): the real MSAL, and whoever signs what is not theirs or not so."""

import base64
import hmac
import json
import re
import time
import uuid
from dataclasses import replace

import msal
import pytest

from libs.contracts.directory import client_key
from libs.contracts.ids import guid
from libs.contracts.queries import Entries, LookUp
from libs.runtime.bus import Unanswered
from services.gateway.graph.problem import Problem
from services.gateway.issuer.asking import ASSERTION
from services.registry.appkeys import read_key
from tests.certificates import certificate
from tests.gateway.issuer.server import BASE, ROLES, SN, TENANT, Http, Server
from tests.gateway.oidc.issuing import EC, RSA, RSA_2, app, part, signed

APP = guid("application", SN)
ENDPOINT = f"{BASE}/oauth2/v2.0/token"
GRAPH = "https://graph.microsoft.com/.default"


PEM = certificate(RSA)
KEY = read_key(PEM)
CURVE = read_key(certificate(EC, "on a curve"))


@pytest.fixture
def server(tmp_path):
    found = Server(tmp_path)
    found.put(app(app_id="", roles=ROLES, keys=(KEY, CURVE)))
    return found


def claims(**more):
    now = time.time()
    told = {"iss": APP, "sub": APP, "aud": ENDPOINT, "iat": now, "nbf": now, "exp": now + 600, "jti": str(uuid.uuid4()), **more}
    return {name: value for name, value in told.items() if value is not None}


def assertion(key=RSA, algorithm="PS256", header=None, **more):
    return signed(claims(**more), key, algorithm, **({"kid": "", "x5t#S256": KEY.thumbprint} if header is None else header))


async def shown(server, jwt, *, status=200, **form):
    told = {"client_secret": None, "client_id": APP, "client_assertion": jwt, "client_assertion_type": ASSERTION, "scope": GRAPH}
    return await server.token(**{"status": status, **told, **form})


async def refused(server, jwt, error="invalid_client", status=401, **form):
    answer = await shown(server, jwt, status=status, **form)
    assert answer["error"] == error
    assert jwt not in json.dumps(answer)
    return answer["error_description"]


@pytest.mark.parametrize("by", ["sha1", "sha256"])
def test_msal_signs_with_its_certificate(server, by):
    hexadecimal = base64.urlsafe_b64decode(f"{KEY.sha1}=").hex()
    names = {"thumbprint": hexadecimal} if by == "sha1" else {"public_certificate": PEM.decode()}
    application = msal.ConfidentialClientApplication(
        APP,
        client_credential={"private_key": RSA.as_pem(private=True).decode(), **names},
        authority=f"https://127.0.0.1:39900/{TENANT}",
        validate_authority=False,
        instance_discovery=False,
        http_client=Http(server),
    )
    got = application.acquire_token_for_client(scopes=[GRAPH])
    assert got.get("token_type") == "Bearer", got
    again = application.acquire_token_for_client(scopes=["api://printbus/.default"])
    assert again.get("token_type") == "Bearer", "MSAL shows one assertion for nine minutes"
    assert again["access_token"] != got["access_token"]
    assert len(server.reservations.values) == 1


@pytest.mark.parametrize(
    ("key", "algorithm", "header"),
    [
        (RSA, "RS256", {"kid": "", "x5t": KEY.sha1}),
        (RSA, "PS256", {"kid": "any", "x5t": f"{KEY.sha1}=", "x5t#S256": KEY.thumbprint}),
        (RSA, "RS256", {"kid": KEY.thumbprint}),
        (RSA, "RS256", {"kid": "pull print"}),
        (RSA, "RS256", {"kid": RSA.thumbprint()}),
        (EC, "ES256", {"kid": "", "x5t#S256": CURVE.thumbprint}),
    ],
)
async def test_a_key_is_known_by_the_names_of_its_certificate(server, key, algorithm, header):
    got = await shown(server, assertion(key, algorithm, header, iss=SN, sub=SN), client_id=None)
    who = await server.rig.who(got["access_token"])
    assert (who.sn, who.permissions, got["expires_in"]) == (SN, frozenset(ROLES), 3600)


async def test_it_is_told_that_keys_are_taken(server):
    told = (await server.ask("GET", "/.well-known/openid-configuration")).json()
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert told["token_endpoint_auth_signing_alg_values_supported"] == ["RS256", "PS256", "ES256"]


@pytest.mark.parametrize("audience", [ENDPOINT, [ENDPOINT], BASE])
async def test_it_is_for_the_endpoint_or_its_issuer(server, audience):
    assert await shown(server, assertion(aud=audience))
    below = f"{BASE}/{TENANT}/oauth2/v2.0/token"
    for aud in (below, f"{BASE}/{TENANT}/v2.0"):
        assert await shown(server, assertion(aud=aud), path=f"/{TENANT}/oauth2/v2.0/token")
    assert "aud" in await refused(server, assertion(aud=below))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"aud": "https://evil.example/token"}, f"write aud {ENDPOINT}"),
        ({"aud": [ENDPOINT, "https://evil.example"]}, "nobody else"),
        ({"aud": None}, "aud"),
        ({"sub": "another"}, "iss, sub and client_id"),
        ({"sub": None}, "iss, sub and client_id"),
        ({"exp": None}, "exp"),
        ({"exp": 1}, "expired"),
        ({"exp": lambda: time.time() + 3600}, "too long"),
        ({"exp": "soon"}, "exp"),
        ({"nbf": lambda: time.time() + 300}, "nbf"),
        ({"iat": lambda: time.time() + 300}, "iat"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
    ],
)
async def test_what_it_must_say(server, more, told):
    said = {name: value() if callable(value) else value for name, value in more.items()}
    assert told in await refused(server, assertion(**said))


async def test_what_is_forged_is_refused_and_counted(tmp_path):
    server = Server(tmp_path, token_tries=11)
    server.put(app(app_id="", roles=ROLES, keys=(KEY, CURVE)))
    named = {"x5t#S256": KEY.thumbprint}
    confused = f"{part({'alg': 'HS256', **named})}.{part(claims())}"
    mac = hmac.digest(RSA.as_pem(private=False), confused.encode(), "sha256")
    confused = f"{confused}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    own = {"kid": "", "jwk": RSA_2.as_dict(private=False)}
    good = assertion().split(".")
    for forged, told in (
        (confused, "not signed by one of"),
        (f"{part({'alg': 'none', **named})}.{part(claims())}.", "not signed by one of"),
        (assertion(RSA_2), "signature is wrong"),
        (assertion(RSA_2, header={**own, **named}), "signature is wrong"),
        (assertion(RSA_2, header=own), "names no key"),
        (assertion(algorithm="PS384"), "must be signed by RS256, PS256 or ES256"),
        (assertion(EC, "ES256"), "signed by"),
        (assertion(header={"kid": "", "x5t": KEY.sha1, "x5t#S256": CURVE.thumbprint}), "no such application"),
        (".".join((good[0], part(claims(iss=SN)), good[2])), "signature is wrong"),
        (assertion(iss="nobody", sub="nobody"), "no such application"),
        ("a.b", "signed JWT"),
    ):
        assert told in await refused(server, forged), forged
    answer = await shown(server, assertion(RSA_2), status=429)
    assert answer["error"] == "temporarily_unavailable"
    assert not server.reservations.values


async def test_another_applications_key_is_no_key(server):
    server.put(app("OtherApp", app_id="", keys=(read_key(certificate(RSA_2)),)))
    header = {"kid": "", "x5t#S256": read_key(certificate(RSA_2)).thumbprint}
    assert "no such application" in await refused(server, assertion(RSA_2, header=header))
    answer = await refused(server, assertion(), client_id="OtherApp")
    assert "client_id" in answer


async def test_what_was_shown_is_refused_from_elsewhere_and_so_is_its_id(server):
    first = assertion(jti="once")
    await shown(server, first)
    await shown(server, first)
    assert "shown before" in await refused(server, assertion(jti="once", nbf=None))
    server.caller = "198.51.100.7"
    assert "shown before" in await refused(server, first)
    await shown(server, assertion(jti="twice"))
    server.reservations.refusal = Unanswered("no leader")
    assert (await shown(server, assertion(), status=503))["error"] == "temporarily_unavailable"


async def test_a_key_ends_with_its_certificate(server):
    now = int(time.time() * 1000)
    server.put(app(app_id="", roles=ROLES, keys=(replace(KEY, expires_at=now + 60_000),)))
    got = await shown(server, assertion())
    assert 58 <= got["expires_in"] <= 60
    await server.rig.who(got["access_token"])
    for dates in ({"expires_at": now - 1}, {"begins_at": now + 60_000}):
        server.put(app(app_id="", roles=ROLES, keys=(replace(KEY, **dates),)))
        assert "'pull print' has expired, or is not yet good" in await refused(server, assertion())
        with pytest.raises(Problem, match="removed, or its certificate has expired"):
            await server.rig.who(got["access_token"])


async def test_a_key_that_is_removed_is_gone_at_once_and_so_is_what_it_was_given(server):
    token = (await shown(server, assertion()))["access_token"]
    server.put(app(app_id="", roles=ROLES, keys=(CURVE,)))
    assert "no such application" in await refused(server, assertion())
    with pytest.raises(Problem, match="key was removed"):
        await server.rig.who(token)
    server.put(app(app_id="", roles=ROLES, keys=(KEY,), enabled=False))
    assert "disabled" in await refused(server, assertion())


async def test_a_key_that_was_added_just_now_is_good_at_once(server):
    server.put(app(app_id="", roles=ROLES))
    fresh = app(app_id="", roles=ROLES, keys=(KEY,))

    def told(query):
        if client_key(SN) in query.keys:
            server.put(fresh)
        return Entries(entries=(fresh,))

    server.rig.bus.answers[LookUp] = told
    assert await shown(server, assertion())


async def test_an_application_of_several_tenants_says_of_which(server):
    mine = app(app_id=APP, roles=ROLES, keys=(KEY,))
    server.put(mine, replace(mine, sn="AbroadAp", tenant="abroad"))
    assert "Several tenants" in await refused(server, assertion())
    below = f"/{TENANT}/oauth2/v2.0/token"
    assert await shown(server, assertion(aud=BASE + below), path=below)


@pytest.mark.parametrize(
    "form",
    [
        {"client_assertion_type": None},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_secret": "both"},
        {"client_assertion": None},
    ],
)
async def test_what_is_no_request_with_an_assertion(server, form):
    assert await refused(server, assertion(), "invalid_request", 400, **form)
    basic = {"Authorization": f"Basic {base64.b64encode(b'a:b').decode()}"}
    data = {"grant_type": "client_credentials", "client_assertion": assertion(), "client_assertion_type": ASSERTION}
    answer = await server.ask("POST", "/oauth2/v2.0/token", data=data, headers=basic)
    assert re.search("one of them", answer.json()["error_description"])
