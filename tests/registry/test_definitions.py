"""Definitions of applications, and triggers that bind them to printers; on SQLite and on PostgreSQL."""

import pytest

from libs.contracts.definitions import (
    AddDefinition,
    AddTrigger,
    ChangeDefinition,
    ListDefinitions,
    ListTriggers,
    RemoveDefinition,
    RemoveTrigger,
)
from libs.contracts.directory import ClientKind, device_key
from libs.contracts.fleet import GetPrinter
from libs.contracts.hooks import Hook, HookPolicy
from libs.contracts.ids import device_id
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import rights
from tests.registry.fleet import APP, DESK, OTHER, WARD, at

OFFICE = at(WARD, "Office")


async def refused(code, asked):
    with pytest.raises(Refused) as no:
        await asked
    assert no.value.code is code
    return str(no.value)


async def hooks(fleet):
    key = device_key(WARD, device_id(WARD, "Office"))
    entry = await fleet.registry.store.entry(key)
    assert entry in await fleet.registry.store.entries(), "looked up alone or with all others, it is the same"
    return entry.hooks


async def define(fleet, name="Stamp", app=APP, **said):
    return (await fleet(AddDefinition, app=app, principal="sp", name=name, **said)).definition


async def test_an_application_sees_its_own_definitions_alone(fleet):
    first = await define(fleet, app_name="Stamps Inc.")
    assert (first.name, first.app, first.app_name, first.principal, first.limit) == ("Stamp", APP, "Stamps Inc.", "sp", 86_400)
    second = await define(fleet, limit=60, on_limit=HookPolicy.RELEASE)
    assert second.id != first.id, "two may have one name"
    assert {each.id for each in (await fleet(ListDefinitions, app=APP)).definitions} == {first.id, second.id}
    assert (await fleet(ListDefinitions, app=APP, definition=second.id)).definitions == (second,)
    assert (await fleet(ListDefinitions, app=OTHER)).definitions == ()
    for tenant, app in (("clinic", OTHER), ("rival", APP)):
        asked = {"app": app, "definition": first.id}
        await refused(Code.NOT_FOUND, fleet.of(tenant)(ListDefinitions, **asked))
        await refused(Code.NOT_FOUND, fleet.of(tenant)(ChangeDefinition, **asked, name="x"))
        await refused(Code.NOT_FOUND, fleet.of(tenant)(RemoveDefinition, **asked))
    changed = (await fleet(ChangeDefinition, app=APP, definition=first.id, name="Seal", app_name="Seals")).definition
    assert (changed.name, changed.app_name, changed.limit) == ("Seal", "Seals", 86_400)
    assert "displayName" in await refused(Code.BAD_REQUEST, define(fleet, " "))
    assert "limit" in await refused(Code.BAD_REQUEST, define(fleet, limit=0))
    await fleet(RemoveDefinition, app=APP, definition=first.id)
    assert (await fleet(ListDefinitions, app=APP)).definitions == (second,)


async def test_a_trigger_is_in_the_directory_with_what_its_definition_says(fleet):
    stamp, seal = await define(fleet), await define(fleet, "Seal")

    def bind(definition, app=APP, **said):
        return fleet(AddTrigger, printer=OFFICE, app=app, definition=definition.id, **said)

    first = (await bind(stamp, by="anna")).trigger
    assert (first.printer, first.definition.id, first.definition.triggers) == (OFFICE, stamp.id, 1)
    assert await hooks(fleet) == (Hook(first.id, stamp.id, APP, name="Stamp"),)
    assert "only one" in await refused(Code.CONFLICT, bind(seal))
    second = (await bind(seal, several=True)).trigger
    assert [each.trigger for each in await hooks(fleet)] == [first.id, second.id]
    assert [each.id for each in (await fleet(ListTriggers, printer=OFFICE)).triggers] == [first.id, second.id]
    assert "this application made" in await refused(Code.BAD_REQUEST, bind(seal, OTHER, several=True))
    await refused(Code.NOT_FOUND, fleet.of("rival")(AddTrigger, printer=OFFICE, app=APP, definition=stamp.id))
    await refused(Code.NOT_FOUND, fleet.of("rival")(ListTriggers, printer=OFFICE))
    woken = fleet.registry.herald.woken
    await fleet(ChangeDefinition, app=APP, definition=stamp.id, limit=9, on_abort=HookPolicy.RELEASE)
    assert (await hooks(fleet))[0] == Hook(first.id, stamp.id, APP, 9, HookPolicy.ABORT, HookPolicy.RELEASE, "Stamp")
    assert fleet.registry.herald.woken == woken + 1
    told = [one.key for one in await fleet.registry.store.news(1000)]
    assert told[-1] == device_key(WARD, device_id(WARD, "Office"))
    assert "task triggers" in await refused(Code.CONFLICT, fleet(RemoveDefinition, app=APP, definition=stamp.id))
    await fleet.report(WARD, "Office")
    assert len(await hooks(fleet)) == 2, "a report leaves them"
    await refused(Code.NOT_FOUND, fleet(RemoveTrigger, printer=at(DESK, "Office"), trigger=first.id))
    await fleet(RemoveTrigger, printer=OFFICE, trigger=first.id, by="anna")
    await refused(Code.NOT_FOUND, fleet(RemoveTrigger, printer=OFFICE, trigger=first.id))
    third = (await bind(stamp, several=True)).trigger
    assert [each.trigger for each in await hooks(fleet)] == [second.id, third.id], "it comes last now"
    assert {("anna", "trigger added"), ("anna", "trigger removed")} <= set(await fleet.audited())


async def test_an_application_that_is_disabled_holds_what_comes_until_its_time_is_over(fleet):
    """Nobody prints past accounting because its program is switched off: its definition's limit decides."""
    served = (await fleet.register()).printer
    stamp = await define(fleet, limit=60)
    await fleet(AddTrigger, printer=OFFICE, app=APP, definition=stamp.id)
    before = await hooks(fleet)
    assert [each.limit for each in before] == [60]
    await rights.switch_client(fleet.registry.store, served.agent, ClientKind.APP, enabled=False)
    assert await hooks(fleet) == before
    await refused(Code.NOT_FOUND, fleet(GetPrinter, printer=served.id))
