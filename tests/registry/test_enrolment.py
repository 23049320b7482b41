"""Invitations are good once and for a while; an agent has one key; who is put out is listed."""

import time

import nkeys
import pytest

from libs.contracts.agents import EnrolAgent, RenewCredentials
from libs.contracts.directory import ClientKind
from libs.contracts.ids import token_digest
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.credentials import lifetime, make_key
from libs.runtime.keys import Keys
from libs.runtime.settings import read
from services.registry import enrol, enrolment, handlers, rights
from services.registry.enrol import Unfit
from services.registry.handlers import Registry
from services.registry.presence import Presence
from services.registry.revocation import Revocation
from services.registry.settings import RegistrySettings
from services.registry.signing import Outside, Signer

SOON = 3_600_000


def now() -> int:
    return time.time_ns() // 1_000_000


def key() -> str:
    return make_key(nkeys.PREFIX_BYTE_USER).public


class Herald:
    def wake(self):
        pass


@pytest.fixture
async def store(tmp_path, database_url):
    async with enrol.open_store(read(RegistrySettings, data_dir=tmp_path, database_url=database_url)) as opened:
        await enrol.add_tenant(opened, "main")
        await enrol.add_tenant(opened, "other")
        yield opened


async def invited(store, **given) -> str:
    given = {"tenant": "main", "name": "Warehouse", "expires_at": now() + SOON, **given}
    return token_digest(await enrolment.invite(store, given.pop("tenant"), given.pop("name"), **given))


async def test_an_invitation_makes_one_agent_and_the_same_key_may_ask_again(store):
    digest, mine = await invited(store), key()
    agent = await enrolment.redeem(store, digest, mine, "", now() + SOON)
    assert (agent.tenant, agent.name, agent.role) == ("main", "Warehouse", ClientKind.AGENT)
    assert await enrolment.redeem(store, digest, mine, "", now() + SOON) == agent
    assert await enrolment.redeem(store, digest, mine, agent.sn, now() + SOON) == agent
    with pytest.raises(Unfit, match="used already"):
        await enrolment.redeem(store, digest, key(), "", now() + SOON)
    assert len([each for each in await store.all_clients() if each.role is ClientKind.AGENT]) == 1


async def test_a_token_that_is_unknown_or_over_enrols_nobody(store):
    late = await invited(store, expires_at=now() - 1)
    for digest in (late, token_digest("guessed")):
        with pytest.raises(Unfit, match="not known, or its time is over"):
            await enrolment.redeem(store, digest, key(), "", now() + SOON)
    with pytest.raises(Unfit, match="56 letters"):
        await enrolment.redeem(store, await invited(store), "SUAKEY", "", now() + SOON)
    assert await store.all_clients() == []


@pytest.mark.parametrize(
    ("tenant", "name", "sn", "sentence"),
    [
        ("nowhere", "A", "", "no tenant 'nowhere'"),
        ("main", "", "", "1 to 100 characters"),
        ("main", "A", "jueKiUEE", "no agent jueKiUEE"),
    ],
)
async def test_nobody_is_invited_who_could_not_come(store, tenant, name, sn, sentence):
    with pytest.raises(Unfit, match=sentence):
        await enrolment.invite(store, tenant, name, sn=sn, expires_at=now() + SOON)


async def test_an_agent_that_is_invited_again_has_a_new_key_and_its_old_one_is_put_out(store):
    old, new = key(), key()
    agent = await enrolment.redeem(store, await invited(store), old, "", now() + SOON)
    with pytest.raises(Unfit, match="belongs to the agent"):
        await enrolment.redeem(store, await invited(store), new, agent.sn, now() + SOON)
    again = await invited(store, sn=agent.sn, name="")
    assert await enrolment.redeem(store, again, new, agent.sn, now() + SOON) == agent
    assert list((await enrolment.put_out(store))[0]) == [old]
    with pytest.raises(Unfit, match="has another key"):
        await enrolment.renew(store, "main", agent.sn, old, now() + SOON)
    assert await enrolment.renew(store, "main", agent.sn, new, now() + SOON) == agent
    with pytest.raises(Unfit, match="used before"):
        await enrolment.redeem(store, await invited(store, sn=agent.sn), old, agent.sn, now() + SOON)


async def test_a_disabled_agent_and_one_of_a_disabled_tenant_are_put_out_and_not_renewed(store, tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.make("local")
    revocation = Revocation(store, keys)
    mine = key()
    agent = await enrolment.redeem(store, await invited(store), mine, "", now() + SOON)
    await revocation.follow()
    assert keys.revoked() == {}
    for switch, what in ((rights.switch_client, (agent.sn, ClientKind.AGENT)), (rights.switch_tenant, ("main",))):
        await switch(store, *what, enabled=False)
        await revocation.follow()
        assert list(keys.revoked()) == [mine]
        before = keys.revoked()
        await revocation.follow()
        assert keys.revoked() == before
        with pytest.raises(Unfit, match="is disabled"):
            await enrolment.renew(store, "main", agent.sn, mine, now() + SOON)
        await switch(store, *what, enabled=True)
        await revocation.follow()
        assert keys.revoked() == {}


async def test_an_agent_whose_credentials_were_made_here_is_put_out_too(store, tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.make("local")
    agent = await enrol.add_client(store, "main", ClientKind.AGENT, "By hand")
    keys.issue(agent.sn, None)
    await rights.switch_client(store, agent.sn, ClientKind.AGENT, enabled=False)
    await Revocation(store, keys).follow()
    assert list(keys.revoked()) == [keys.public(agent.sn)]


async def test_questions_are_answered_with_a_jwt_or_a_sentence(store, tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.make("local")
    signer, outside = Signer(tmp_path / "keys", 600), Outside(("tls://*:4223",))
    registry = Registry(store, Presence(6), Herald(), signer, outside)
    mine = key()
    question = EnrolAgent(region="local", digest=await invited(store), key=mine)
    answer = await handlers.enrol_agent(registry, question)
    signed, ends = lifetime(answer.jwt)
    assert (ends - signed, answer.urls, answer.ca) == (600, ("tls://*:4223",), "")
    renewal = RenewCredentials(region="local", tenant="main", agent=answer.sn, key=mine)
    assert lifetime((await handlers.renew_credentials(registry, renewal)).jwt)[1] >= ends
    for tenant, shown in (("other", mine), ("main", key())):
        wrong = RenewCredentials(region="local", tenant=tenant, agent=answer.sn, key=shown)
        with pytest.raises(Refused) as no:
            await handlers.renew_credentials(registry, wrong)
        assert no.value.code is Code.FORBIDDEN
    closed = Registry(store, Presence(6), Herald(), signer)
    with pytest.raises(Refused, match="PRINTBUS_NATS_TLS_PORT"):
        await handlers.enrol_agent(closed, EnrolAgent(region="local", digest=await invited(store), key=key()))


async def test_a_tenant_can_be_removed_that_invited_nobody_who_came(store):
    digest = await invited(store, tenant="other")
    await rights.remove_tenant(store, "other")
    with pytest.raises(Unfit):
        await enrolment.redeem(store, digest, key(), "", now() + SOON)
    with pytest.raises(Unfit, match="There is no tenant 'other'"):
        await rights.remove_tenant(store, "other")
