"""Printers offered to people, and who may print on them; on SQLite and on PostgreSQL."""

import asyncio

import pytest

from libs.contracts.directory import ClientKind
from libs.contracts.fleet import (
    ChangePrinterShare,
    GetPrinterShare,
    ListPrinterShares,
    MayPrint,
    RemovePrinterShare,
)
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import enlist, rights
from tests.registry.fleet import DESK, RIVAL, WARD, at


async def refused(code, asked):
    with pytest.raises(Refused) as no:
        await asked
    assert no.value.code is code
    return str(no.value)


async def test_a_printer_is_offered_once_under_a_name_of_its_own(fleet):
    share = await fleet.offer(at(WARD, "Office"), "Ward", by="anna")
    assert (share.name, share.printer.id, share.allow_all, share.users) == ("Ward", at(WARD, "Office"), False, ())
    assert share.printer.device.capabilities.max_copies == 9
    assert share.printer.shares == (share.id,)
    assert share.id in await refused(Code.CONFLICT, fleet.offer(at(WARD, "Office"), "Again"))
    assert "'Ward'" in await refused(Code.CONFLICT, fleet.offer(at(DESK, "Office"), "Ward"))
    assert "displayName" in await refused(Code.BAD_REQUEST, fleet.offer(at(DESK, "Office"), "x" * 51))
    await refused(Code.NOT_FOUND, fleet.offer(at(RIVAL, "Office"), "Theirs"))
    await refused(Code.NOT_FOUND, fleet.of("rival")(GetPrinterShare, share=share.id))
    await refused(Code.NOT_FOUND, fleet.of("rival")(ChangePrinterShare, share=share.id, name="x"))
    await refused(Code.NOT_FOUND, fleet.of("rival")(RemovePrinterShare, share=share.id))
    await fleet.of("rival").offer(at(RIVAL, "Office"), "Ward")
    other = await fleet.offer(at(DESK, "Office"), "Desk")
    found = await fleet(ListPrinterShares, limit=1)
    assert ([each.name for each in found.shares], found.total) == (["Desk"], 2)
    assert [each.id for each in (await fleet(ListPrinterShares, printer=at(WARD, "Office"))).shares] == [share.id]
    await refused(Code.CONFLICT, fleet(ChangePrinterShare, share=share.id, printer=at(DESK, "Office")))
    await refused(Code.CONFLICT, fleet(ChangePrinterShare, share=share.id, name="Desk"))
    moved = (await fleet(ChangePrinterShare, share=share.id, printer=at(WARD, f"Only {WARD}"), name="Ward")).share
    assert (moved.id, moved.printer.id) == (share.id, at(WARD, f"Only {WARD}"))
    await fleet.report(WARD, "Office")
    gone = (await fleet(GetPrinterShare, share=share.id)).share.printer
    assert (gone.online, gone.device.accepting, gone.device.state.value) == (False, False, "unreachable")
    await rights.switch_client(fleet.registry.store, WARD, ClientKind.AGENT, enabled=False)
    await refused(Code.NOT_FOUND, fleet(GetPrinterShare, share=share.id))
    await fleet(RemovePrinterShare, share=other.id)
    assert (await fleet(ListPrinterShares)).shares == ()
    assert ("anna", "printer offered") in await fleet.audited()


async def test_who_may_print_is_everybody_or_the_user_or_a_group(fleet):
    store = fleet.registry.store
    anna = await enlist.add_user(store, "clinic", "anna@clinic.example")
    nurses = await enlist.add_group(store, "clinic", "Nurses", members=["anna@clinic.example"])
    share = await fleet.offer(at(WARD, "Office"))

    async def may(user, *groups, **said):
        answer = await fleet(MayPrint, user=user, groups=groups, **(said or {"share": share.id}))
        assert answer.share == (share.id if answer.allowed else "")
        return answer.allowed

    async def change(**said):
        return (await fleet(ChangePrinterShare, share=share.id, **said)).share

    assert not await may(anna.id)
    changed = await change(add_users=("guest", "guest"), add_groups=("elsewhere",))
    assert (changed.users, changed.groups) == (("guest",), ("elsewhere",))
    assert await may("guest")
    assert await may("guest", printer=at(WARD, "Office").upper())
    assert not await may("guest", printer=at(DESK, "Office"))
    assert not (await fleet.of("rival")(MayPrint, user="guest", share=share.id)).allowed
    assert await may("somebody", "others", "elsewhere"), "by a group of the token"
    await change(add_groups=(nurses.id,), remove_users=("guest", "nobody"), remove_groups=("elsewhere",))
    assert await may(anna.id), "by a group of the registry"
    assert not await may("guest")
    await enlist.change_user(store, "clinic", anna.id, enabled=False)
    assert not await may(anna.id)
    await change(allow_all=True)
    assert await may("guest")
    assert not await may(anna.id), "who is disabled prints nothing"
    await enlist.change_user(store, "clinic", anna.id, enabled=True)
    await change(allow_all=False, add_users=(anna.id,))
    await enlist.remove_user(store, "clinic", anna.id)
    await enlist.remove_group(store, "clinic", "Nurses")
    assert ((await change()).users, (await change()).groups) == ((), ())
    many = tuple(f"user-{each}" for each in range(501))
    assert "name a group" in await refused(Code.CONFLICT, change(add_users=many))
    assert "1 to 64" in await refused(Code.BAD_REQUEST, change(add_users=("",)))
    await refused(Code.BAD_REQUEST, fleet(MayPrint, user="x"))


async def test_what_a_user_printed_through_is_told_newest_first(fleet):
    first, second = await fleet.offer(at(WARD, "Office"), "A"), await fleet.offer(at(DESK, "Office"), "B")
    await fleet.offer(at(DESK, f"Only {DESK}"), "C")
    for share in (second, first, second):
        assert (await fleet(ChangePrinterShare, share=share.id, used_by="anna")).share.used_at > 0
    told = (await fleet(ListPrinterShares, user="anna", recent=True)).shares
    assert {each.name for each in told} == {"A", "B"}
    assert [each.used_at for each in told] == sorted((each.used_at for each in told), reverse=True)
    assert {each.name: bool(each.used_at) for each in (await fleet(ListPrinterShares, user="anna")).shares} == {
        "A": True,
        "B": True,
        "C": False,
    }
    assert (await fleet(ListPrinterShares, user="ben", recent=True)).total == 0
    assert ("Graph", "offer changed") not in await fleet.audited(), "use is no change"
    await fleet(RemovePrinterShare, share=second.id)
    assert [each.name for each in (await fleet(ListPrinterShares, user="anna", recent=True)).shares] == ["A"]


async def test_two_who_do_the_same_at_once_are_answered_one_after_the_other(fleet):
    office = at(WARD, "Office")
    made = await asyncio.gather(*(fleet.offer(office, f"Offer {each}") for each in range(3)), return_exceptions=True)
    assert sorted(getattr(each, "code", "made") for each in made) == ["conflict", "conflict", "made"]
    (share,) = (await fleet(ListPrinterShares, printer=office)).shares
    await asyncio.gather(*(fleet(ChangePrinterShare, share=share.id, used_by="anna", add_users=("anna",)) for _ in range(4)))
    assert (await fleet(GetPrinterShare, share=share.id)).share.users == ("anna",)
    made = await asyncio.gather(*(fleet.register() for _ in range(3)), return_exceptions=True)
    assert sorted(getattr(each, "code", "made") for each in made) == ["conflict", "conflict", "made"]
