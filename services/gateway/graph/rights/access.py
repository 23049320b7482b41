"""What people who administer nothing may see: the printers and shares that they may print on (graph-print.md 6.4)."""

from libs.contracts.fleet import MayPrint, Permitted, ShareView
from libs.contracts.people import GetUser
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.call import Call
from services.gateway.graph.problem import forbidden
from services.gateway.graph.rights.permissions import held


def sees_all(call: Call) -> bool:
    """Whether the lists are not cut down for whoever asks: an application, or an administrator of printers."""
    return not call.who.delegated or call.who.administrator


async def admit_printer(call: Call, printer: str) -> None:
    """Raises `Problem` 403 for a user who may not print on this printer, nor administers it."""
    if not sees_all(call) and not await _may(call, printer=printer):
        raise forbidden("The signed-in user may not print on this printer: an administrator can share it.")


async def admit_share(call: Call, share: ShareView) -> None:
    """Raises `Problem` 403 for a user whom this share does not allow."""
    if not sees_all(call) and not share.allow_all and not await _may(call, share=share.id):
        raise forbidden("The signed-in user may not print through this share: an administrator can allow it.")


async def visible(call: Call, shares: tuple[ShareView, ...]) -> list[ShareView]:
    """The shares that whoever asks may print through, in their order."""
    if sees_all(call):
        return list(shares)
    groups = await _groups(call) if any(each.groups and not each.allow_all for each in shares) else frozenset()
    return [each for each in shares if each.allow_all or call.who.id in each.users or not groups.isdisjoint(each.groups)]


def sees_access_lists(call: Call) -> bool:
    """Basic hides who may print (1.4)."""
    return "PrinterShare.Read.All" in held(call.who.permissions)


async def _may(call: Call, printer: str = "", share: str = "") -> bool:
    who = call.who
    question = MayPrint(region=call.gateway.region, tenant=who.tenant, user=who.id, groups=who.groups, printer=printer, share=share)
    answer: Permitted = await call.ask(question)
    return answer.allowed


async def _groups(call: Call) -> frozenset[str]:
    """The user's groups: those in the token, and those that the registry knows."""
    try:
        answer = await call.ask(GetUser(region=call.gateway.region, tenant=call.who.tenant, user=call.who.id))
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        return frozenset(call.who.groups)
    return frozenset((*call.who.groups, *answer.user.groups))
