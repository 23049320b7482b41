"""The directory: the mirror while it is fresh, the registry while it is not, and changes that settle."""

import asyncio
from dataclasses import replace

import pytest

from libs.contracts.directory import ClientEntry, ClientKind, DefaultEntry
from libs.contracts.ids import guid
from libs.contracts.queries import LookUp
from libs.runtime.bus import Unanswered
from services.gateway.directory import SETTLED_WITHIN, Directory
from services.gateway.latecomers import BURST
from tests.gateway.fakes import FakeBus, FakeMirror, entries, looked_up
from tests.waiting import Leap, turns

CLIENT, TOKEN, OFFICE = entries()[:3]


def directory(*known, answer=None):
    bus, mirror = FakeBus(), FakeMirror(*known)
    bus.answers[LookUp] = answer
    return Directory(bus, mirror, "local"), bus, mirror


async def test_a_fresh_mirror_is_believed():
    found, bus, _ = directory(OFFICE)
    assert await found.get(OFFICE.key, "device.x.y") == [OFFICE, None]
    assert bus.asked == []


async def test_a_blind_one_is_not():
    found, bus, mirror = directory(answer=looked_up(OFFICE))
    mirror.fresh = False
    assert await found.get("device.x.y", OFFICE.key) == [None, OFFICE]
    assert bus.asked == [LookUp(region="local", keys=("device.x.y", OFFICE.key))]


async def test_when_nobody_knows_it_says_so():
    found, _, mirror = directory()
    mirror.fresh = False
    with pytest.raises(Unanswered):
        await found.get(OFFICE.key)


async def test_strangers_ask_a_blind_one_no_more_than_the_registry_bears_and_are_not_called_wrong():
    found, bus, mirror = directory(*entries(), answer=looked_up(*entries()))
    mirror.fresh = False
    unanswered = 0
    for number in range(1000):
        try:
            assert await found.find(f"token.{number}") == [None]
        except Unanswered:
            unanswered += 1
    assert BURST <= len(bus.asked) < 2 * BURST
    assert unanswered == 1000 - len(bus.asked), "nobody can say that these are wrong"
    assert await found.find(TOKEN.key, CLIENT.key) == [TOKEN, CLIENT], "who is known to the mirror does not wait for strangers"
    assert await found.find(TOKEN.key) == [TOKEN]
    assert [each.keys for each in bus.asked[-2:]] == [(TOKEN.key,), (CLIENT.key,)], "each is asked for once a second"


async def test_a_change_is_waited_for():
    found, _, mirror = directory()
    entry = DefaultEntry(sn="jueKiUEE", type="printer", agent="jueKiUEE", device="abc")
    waiting = asyncio.create_task(found.settle(entry))
    await asyncio.sleep(0)
    mirror.put(OFFICE)
    await asyncio.sleep(0)
    assert not waiting.done()
    mirror.put(entry)
    await asyncio.wait_for(waiting, 20)


async def test_a_change_that_never_comes_holds_nobody_up():
    clock = Leap()
    found, _, mirror = directory()
    waiting = asyncio.create_task(found.settle(OFFICE))
    await turns()
    assert not waiting.done(), "it may be a moment"
    await clock.ahead(SETTLED_WITHIN)
    assert waiting.done()
    mirror.fresh = False
    blind = asyncio.create_task(found.settle(OFFICE))
    await turns()
    assert blind.done(), "what is blind will not see it"


async def test_devices_are_found_by_name_within_their_tenant_as_they_come_and_go():
    found, _, mirror = directory()
    other = replace(OFFICE, agent="ABCDEFGH")
    for entry in (OFFICE, other, replace(OFFICE, agent="ZYXWVUTS", tenant="rival")):
        mirror.put(entry)
    assert {entry.agent for entry in found.named("main", "Office")} == {"jueKiUEE", "ABCDEFGH"}
    assert found.named("main", "Label") == []
    del mirror.values[other.key]
    mirror.on_change(other.key, None)
    assert found.named("main", "Office") == [OFFICE]
    mirror.fresh = False
    assert found.named("main", "Office") == [], "a blind mirror says nothing"


async def test_printers_are_found_by_their_guid_within_their_tenant_as_they_come_and_go():
    found, _, mirror = directory()
    mirror.put(OFFICE)
    name = guid("printer", OFFICE.agent, OFFICE.device.id)
    assert found.printer("main", name) == OFFICE
    assert found.printer("rival", name) is None
    mirror.fresh = False
    assert found.printer("main", name) is None
    mirror.fresh = True
    del mirror.values[OFFICE.key]
    mirror.on_change(OFFICE.key, None)
    assert found.printer("main", name) is None
    mirror.put(OFFICE)
    assert found.printer("main", name) == OFFICE


async def test_what_the_registry_has_is_waited_for():
    found, _, mirror = directory(answer=looked_up(OFFICE))
    waiting = asyncio.create_task(found.settle_key(OFFICE.key))
    await asyncio.sleep(0)
    mirror.put(OFFICE)
    assert await asyncio.wait_for(waiting, 20) == OFFICE


async def test_an_application_is_found_by_what_tokens_call_it_now():
    found, _, mirror = directory()

    def app(**more):
        return ClientEntry(**{"sn": "ERPerp01", "tenant": "main", "role": ClientKind.APP, **more})

    own = guid("application", "ERPerp01")
    mirror.put(app())
    assert found.application("main", own.upper()) == app()
    assert found.application("other", own) is None
    mirror.put(app(app_id="FE-01", enabled=False))
    assert found.application("main", own) is None
    assert found.application("main", "fe-01") == app(app_id="FE-01", enabled=False)
    mirror.put(app(role=ClientKind.AGENT))
    assert found.application("main", own) is None, "an agent is no application"
    mirror.put(app())
    mirror.put(app(sn="ERPerp02", app_id=own))
    mirror.values.pop(app().key)
    mirror.on_change(app().key, None)
    assert found.application("main", own) == app(sn="ERPerp02", app_id=own), "another one has the name by now"
    mirror.fresh = False
    with pytest.raises(Unanswered):
        found.application("main", own)
