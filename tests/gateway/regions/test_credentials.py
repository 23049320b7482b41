"""Access tokens of a region's own issuer at the doors that another region has for it, and tokens that are had there."""

import json
import time
import uuid

import pytest

from libs.contracts.ids import guid, token_digest
from libs.contracts.people import GetUser
from libs.contracts.queries import Entries, LookUp
from libs.runtime.bus import Unanswered
from libs.runtime.issuing import told_keys
from services.gateway.graph.problem import Problem
from services.gateway.issuer.asking import ASSERTION
from services.gateway.oidc.bearers import Bearers
from services.gateway.oidc.own import KIND, audiences, user_claims
from services.gateway.regions.front import Known
from services.registry.appkeys import read_key
from tests.certificates import certificate
from tests.gateway.issuer.server import BASE, ROLES, SECRET, SN, Server
from tests.gateway.oidc.issuing import RSA, app, signed, token_entry

US = "https://us.print.example"
KEY = read_key(certificate(RSA))


class Two:
    """Region us, where the application is at home, region eu, and eu's doors for us."""

    def __init__(self, folder):
        for name in ("us", "eu"):
            (folder / name).mkdir()
        self.us = Server(folder / "us", public_url=US)
        self.us.put(app(app_id="", roles=ROLES, keys=(KEY,)))
        self.eu = Server(folder / "eu", [Known("us", self.us.rig.mirror, self.us.directory)])
        self.eu.issuer.rotate(drop=True)
        self.eu.rig.bus.answers[LookUp] = Entries(entries=())
        self.eu.remove(f"client.{SN}")
        self.eu.remove(token_entry(token_digest(SECRET)).key)
        told = told_keys(json.dumps(self.us.issuer.jwks()))
        self.doors = Bearers(self.us.rig.standing, {}, self.eu.issuer, audiences("", ""), tries=30, told=told, away="us")

    async def who(self, token):
        return await self.doors.principal({"authorization": f"Bearer {token}"}, "192.0.2.1")

    async def refused(self, token, status=401):
        with pytest.raises(Problem) as caught:
            await self.who(token)
        assert caught.value.status == status
        return caught.value.message


@pytest.fixture
def two(tmp_path):
    return Two(tmp_path)


async def test_a_token_of_a_region_is_good_at_its_doors_in_another_and_at_no_others(two):
    token = (await two.us.token(scope=f"{US}/.default"))["access_token"]
    who = await two.who(token)
    assert (who.tenant, who.sn, who.permissions) == ("main", SN, frozenset(ROLES))
    with pytest.raises(Problem, match="not trusted here"):
        await two.eu.rig.who(token)
    two.us.remove(token_entry(token_digest(SECRET)).key)
    assert "revoked" in await two.refused(token), "what is taken away at home is gone here"


async def test_keys_that_the_region_has_not_told_are_nobodys(two):
    two.us.issuer.rotate()
    assert "not trusted here" in await two.refused((await two.us.token())["access_token"])


async def test_a_user_of_a_region_that_is_away_is_told_which(two):
    client = app(app_id="", roles=ROLES)
    user = two.us.rig.add_user()
    now = int(time.time())
    about = {"iss": US, "aud": US, "iat": now, "nbf": now, "exp": now + 60}
    token = two.us.issuer.sign({**about, **user_claims(client, user, ["PrintJob.Create"])}, KIND)
    two.us.rig.bus.answers[GetUser] = Unanswered("nobody is there")
    assert "The region us is not reached from here" in await two.refused(token, 503)
    two.us.rig.bus.answers[GetUser] = two.us.rig.user
    assert (await two.who(token)).name == user.name


async def test_an_application_of_another_region_is_given_a_token_here(two):
    token = (await two.eu.token())["access_token"]
    who = await two.who(token)
    assert (who.tenant, who.sn, who.permissions) == ("main", SN, frozenset(ROLES))
    with pytest.raises(Problem, match="no such application"):
        await two.eu.rig.who(token)
    assert (await two.eu.token(status=401, client_secret="wrong"))["error"] == "invalid_client"
    two.us.rig.bus.answers[LookUp] = Unanswered("nobody is there")
    assert await two.eu.token(), "also while its region is away"


async def test_or_for_what_it_has_signed(two):
    now, name = time.time(), guid("application", SN)
    claims = {"iss": name, "sub": name, "aud": f"{BASE}/oauth2/v2.0/token", "exp": now + 60, "jti": str(uuid.uuid4())}
    assertion = signed(claims, RSA, "PS256", kid="", **{"x5t#S256": KEY.thumbprint})
    form = {"client_secret": None, "client_id": name, "client_assertion": assertion, "client_assertion_type": ASSERTION}
    assert (await two.who((await two.eu.token(**form))["access_token"])).sn == SN
