"""An issuer's keys: fetched once for many, taken up when they rotate, refused when they are gone, kept for a while without it."""

import asyncio

import httpx
import pytest

from services.gateway.oidc.fetching import LARGEST, Source
from services.gateway.oidc.keyring import Keyring, usable
from services.gateway.oidc.refusal import NoKeys
from tests.gateway.oidc.issuing import EC, ENTRA, RSA, RSA_2, TID, Clock, Web, published, trusted


class Rig:
    def __init__(self, web, **more):
        self.web = web
        self.clock = Clock()
        config = trusted(**more)
        self.keyring = Keyring(web.source(config), config.keys_for, config.keys_kept, self.clock)

    async def knows(self, kid, algorithm="RS256"):
        return await self.keyring.key(kid, algorithm) is not None


async def test_many_who_wait_cause_one_fetch():
    rig = Rig(Web(RSA))
    assert all(await asyncio.gather(*(rig.knows("rsa-1") for _ in range(50))))
    assert rig.web.asked == [f"{ENTRA}/.well-known/openid-configuration", f"{ENTRA}/keys"]


async def test_keys_that_rotate_are_taken_up_and_those_that_left_are_refused():
    rig = Rig(Web(RSA), keys_for=600)
    assert await rig.knows("rsa-1")
    rig.web.keys = published(RSA_2)
    assert await rig.knows("rsa-1"), "within the time that was promised"
    rig.clock.now += 11
    assert await rig.knows("rsa-2"), "an id that is not known is asked for"
    assert not await rig.knows("rsa-1")
    rig.web.keys = published(EC)
    rig.clock.now += 601
    assert not await rig.knows("rsa-2"), "a key that left the set is refused after that time"


async def test_a_flood_of_unknown_ids_causes_one_fetch_in_ten_seconds():
    rig = Rig(Web(RSA))
    await rig.knows("rsa-1")
    for number in range(200):
        assert not await rig.knows(f"made-up-{number}")
    assert len(rig.web.asked) == 2
    rig.clock.now += 10
    await asyncio.gather(*(rig.knows(f"again-{number}") for number in range(200)))
    assert len(rig.web.asked) == 4


async def test_an_issuer_may_shorten_the_time():
    rig = Rig(Web(RSA, age="public, max-age=60"), keys_for=900)
    await rig.knows("rsa-1")
    rig.clock.now += 59
    await rig.knows("rsa-1")
    assert len(rig.web.asked) == 2
    rig.clock.now += 2
    await rig.knows("rsa-1")
    assert len(rig.web.asked) == 4


async def test_the_last_good_keys_are_kept_while_an_issuer_is_down_and_then_forgotten():
    rig = Rig(Web(RSA), keys_for=600, keys_kept=3600)
    await rig.knows("rsa-1")
    rig.web.down = True
    for _ in range(5):
        rig.clock.now += 700
        assert await rig.knows("rsa-1")
    rig.clock.now += 700
    with pytest.raises(NoKeys):
        await rig.knows("rsa-1")
    rig.web.down = False
    rig.clock.now += 10
    assert await rig.knows("rsa-1")


async def test_while_an_issuer_is_down_nobody_waits_for_it():
    rig = Rig(Web(RSA), keys_for=600)
    await rig.knows("rsa-1")
    rig.web.down = True
    rig.clock.now += 601
    await rig.knows("rsa-1")  # the first one hears of it
    hanging = asyncio.Event()
    rig.keyring._source.keys = hanging.wait
    rig.clock.now += 11
    assert await asyncio.wait_for(rig.knows("rsa-1"), 20)
    rig.keyring._fetching.cancel()


async def test_who_gives_up_does_not_end_the_fetch_for_others():
    rig = Rig(Web(RSA))
    impatient = asyncio.create_task(rig.knows("rsa-1"))
    await asyncio.sleep(0)
    patient = asyncio.create_task(rig.knows("rsa-1"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient


@pytest.mark.filterwarnings("ignore:Key size")
def test_only_public_keys_that_sign_are_usable():
    weak = {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": "0" * 171}
    others = [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "OCT"}, {}, {"kty": "RSA"}, {"kty": "AKP", "pub": "x"}, weak]
    encrypting = {**RSA_2.as_dict(private=False), "use": "enc"}
    assert [key.kid for key in usable([*others, encrypting, *published(RSA, EC)])] == ["rsa-1", "ec-1"]


def source(answer, **more):
    return Source(trusted(**more), ENTRA, httpx.MockTransport(answer))


DESCRIBED = {"issuer": ENTRA, "jwks_uri": f"{ENTRA}/keys"}


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ({**DESCRIBED, "issuer": "https://other.example"}, "another issuer"),
        ({"issuer": ENTRA}, "no jwks_uri"),
        ({**DESCRIBED, "jwks_uri": "file:///etc/passwd"}, "no jwks_uri"),
        ({**DESCRIBED, "jwks_uri": "http://login.microsoftonline.com/keys"}, "without https"),
        ({**DESCRIBED, "jwks_uri": "https://127.0.0.1/keys"}, "not on the public network"),
        ({**DESCRIBED, "jwks_uri": "https://169.254.169.254/keys"}, "not on the public network"),
    ],
)
async def test_a_description_cannot_lead_elsewhere(description, why):
    with pytest.raises(NoKeys, match=why):
        await source(lambda _request: httpx.Response(200, json=description)).keys()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(302, headers={"Location": "http://127.0.0.1/"}), "answers 302"),
        (httpx.Response(500), "answers 500"),
        (httpx.Response(200, content=b"<html>"), "no JSON"),
        (httpx.Response(200, json=[1]), "no JSON object"),
        (httpx.Response(200, content=b"x" * (LARGEST + 1)), "more than"),
        (httpx.Response(200, json={"keys": "none"}), "no JWK set"),
    ],
)
async def test_an_answer_that_is_none_is_said_so(answer, why):
    with pytest.raises(NoKeys, match=why):
        await source(lambda _request: answer, jwks_uri="http://10.0.0.5/keys").keys()


async def test_the_operators_own_addresses_may_lead_anywhere():
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(200, json={"keys": published(RSA)})

    keys, age = await source(answer, jwks_uri="http://10.0.0.5/keys").keys()
    assert ([key["kid"] for key in keys], age, asked) == (["rsa-1"], None, ["http://10.0.0.5/keys"])
    discovery = "https://login.internal/{tid}/.well-known/openid-configuration"
    with pytest.raises(NoKeys, match="another issuer"):
        await source(answer, discovery=discovery).keys()
    assert asked[-1] == f"https://login.internal/{TID}/.well-known/openid-configuration"
