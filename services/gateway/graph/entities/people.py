"""Users and groups as Graph names them, for the lists of who may print (graph-print.md 1.4)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.contracts.people import GetUser, GroupList, GroupView, ListGroups, ListUsers, UserAnswer, UserList, UserView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.call import Call
from services.gateway.graph.problem import bad


async def users_of(call: Call, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Users by their ids, in this order; of one whom the registry does not know (an issuer of tokens may) there is only the id."""
    found: dict[str, UserView] = {}
    if ids:
        question = ListUsers(region=call.gateway.region, tenant=call.who.tenant, ids=tuple(ids), limit=len(ids))
        answer: UserList = await call.ask(question)
        found = {each.id: each for each in answer.users}
    return [user_entity(found[id_]) if id_ in found else {"id": id_, "displayName": None} for id_ in ids]


async def groups_of(call: Call, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Groups likewise."""
    found: dict[str, GroupView] = {}
    if ids:
        question = ListGroups(region=call.gateway.region, tenant=call.who.tenant, ids=tuple(ids), limit=len(ids))
        answer: GroupList = await call.ask(question)
        found = {each.id: each for each in answer.groups}
    return [{"id": id_, "displayName": found[id_].name if id_ in found else None} for id_ in ids]


def user_entity(user: UserView) -> dict[str, Any]:
    """A user, as far as printing needs it."""
    return {"id": user.id, "displayName": user.display or user.name, "userPrincipalName": user.name}


async def user_id(call: Call, named: str, member: str) -> str:
    """The id of a user whom an address names by id or userPrincipalName. Raises `Problem` 400 for a name that nobody has."""
    try:
        answer: UserAnswer = await call.ask(GetUser(region=call.gateway.region, tenant=call.who.tenant, user=named))
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        return guid_of(named, member)
    return answer.user.id


def guid_of(named: str, member: str) -> str:
    """A GUID as it is kept. Raises `Problem` 400."""
    try:
        return str(UUID(named))
    except ValueError:
        raise bad(f"{member} names nobody who is known here: end the address with an id.", member) from None
