"""Who may print through a share: lists of users and groups, and references to them (graph-print.md 1.4)."""

from libs.contracts.fleet import ChangePrinterShare, ShareView
from services.gateway.graph.call import Answer, Call, Collection, Handler, Reply, Route
from services.gateway.graph.entities.people import groups_of, guid_of, user_id, users_of
from services.gateway.graph.http.path import bound
from services.gateway.graph.problem import bad, missing
from services.gateway.graph.resources.shares import share_of
from services.gateway.graph.rights.access import admit_share

MEMBER = "@odata.id"


async def list_users(call: Call) -> Answer:
    """The users of the list."""
    return Collection(await users_of(call, (await _share(call)).users), "Collection(microsoft.graph.user)")


async def list_groups(call: Call) -> Answer:
    """The groups of the list."""
    return Collection(await groups_of(call, (await _share(call)).groups), "Collection(microsoft.graph.group)")


def _references(collection: str) -> Handler:
    async def list_references(call: Call) -> Answer:
        ids = _ids(await _share(call), collection)
        return Collection([{MEMBER: f"{call.base}/{collection}/{each}"} for each in ids], "Collection($ref)")

    return list_references


def _add(collection: str) -> Handler:
    async def add_reference(call: Call) -> Answer:
        if MEMBER not in call.body:
            raise bad(f"{MEMBER} is needed: the address of one of {collection}, as {{base}}/{collection}/{{id}}.", MEMBER)
        each = await _id(call, call.body[MEMBER], collection)
        await _change(call, f"add_{collection}", each)
        return Reply(status=204)

    return add_reference


def _remove(collection: str) -> Handler:
    async def remove_reference(call: Call) -> Answer:
        """By the key in the path, or by `?@id=` with an address."""
        given = call.ids.get("member") or call.query.named.get("@id")
        if not given:
            raise bad(f"@id is needed: write $ref?@id={{base}}/{collection}/{{id}}, or {{id}}/$ref.", "@id")
        each = given if "member" in call.ids else await _id(call, given, collection, "@id")
        if each not in _ids(await _share(call), collection):
            raise missing(f"{collection[:-1]} {each} in the list of this share")
        await _change(call, f"remove_{collection}", each)
        return Reply(status=204)

    return remove_reference


async def _id(call: Call, address: object, collection: str, name: str = MEMBER) -> str:
    anything = isinstance(address, str) and "/directoryobjects" in address.lower()
    named = bound(address, "directoryObjects" if anything else collection, name)
    return await user_id(call, named, name) if collection == "users" else guid_of(named, name)


async def _share(call: Call) -> ShareView:
    share = await share_of(call, call.ids["share"])
    await admit_share(call, share)
    return share


def _ids(share: ShareView, collection: str) -> tuple[str, ...]:
    return share.users if collection == "users" else share.groups


async def _change(call: Call, field: str, each: str) -> None:
    region, who = call.gateway.region, call.who
    change = {field: (each,)}
    await call.ask(ChangePrinterShare(region=region, tenant=who.tenant, share=call.ids["share"], by=who.by, **change))  # type: ignore[arg-type]


def _routes(name: str, collection: str, listing: Handler) -> tuple[Route, ...]:
    all_ = f"print/shares/{{share}}/{name}"
    return (
        Route("GET", all_, listing),
        Route("GET", f"{all_}/$ref", _references(collection)),
        Route("POST", f"{all_}/$ref", _add(collection)),
        Route("DELETE", f"{all_}/$ref", _remove(collection)),
        Route("DELETE", f"{all_}/{{member}}/$ref", _remove(collection)),
    )


ROUTES = (*_routes("allowedUsers", "users", list_users), *_routes("allowedGroups", "groups", list_groups))
