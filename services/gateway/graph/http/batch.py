"""`$batch`: up to twenty requests in one, some of them after others (graph-print.md 5.6)."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from services.gateway.graph.call import JSON, Answer, Call, Reply, Route
from services.gateway.graph.http.replies import failure
from services.gateway.graph.http.request import Asked
from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem, bad

#: Its path below the version. Who may ask is decided for each request in it.
PATH = "$batch"
MOST = 20
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")

Serve = Callable[[Asked, Principal], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch, and the ids of those that it waits for."""

    id: str
    asked: Asked
    after: tuple[str, ...]


class Batch:
    """The handler of `$batch`; `serve` does each request as if it had come alone."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    @property
    def route(self) -> Route:
        return Route("POST", PATH, self.run)

    async def run(self, call: Call) -> Answer:
        """All answers, in the order of the requests. Those that wait for nothing, and then each as soon as it can, run at once."""
        items = _items(call)
        begun: dict[str, asyncio.Task[Response]] = {}
        async with asyncio.TaskGroup() as group:
            for item in items:  # those before it are there: `_items` has seen to that
                begun[item.id] = group.create_task(self._one(item, [begun[each] for each in item.after], call.who))
        responses = [_told(item.id, begun[item.id].result()) for item in items]
        return Reply(body={"responses": responses})

    async def _one(self, item: Item, before: Sequence[asyncio.Task[Response]], who: Principal) -> Response:
        for each in before:
            if (await asyncio.shield(each)).status_code >= 400:
                return failure(Problem(424, "FailedDependency", "A request that this one depends on has failed."), item.asked)
        return await self._serve(item.asked, who)


def _items(call: Call) -> list[Item]:
    given = call.body.get("requests")
    if not isinstance(given, list) or not given:
        raise bad("requests is a list of requests, each with id, method and url.", "requests")
    if len(given) > MOST:
        raise bad(f"A batch has {MOST} requests at most, here are {len(given)}.", "requests")
    found: dict[str, Item] = {}
    for each in given:
        item = _item(call, each, f"requests[{len(found)}]")
        if item.id in found:
            raise bad(f"Two requests have the id {item.id}: each needs its own.", "requests")
        if not set(item.after) <= set(found):
            raise bad(f"The request {item.id} depends on one that does not stand before it in the list.", "dependsOn")
        found[item.id] = item
    return list(found.values())


def _item(call: Call, given: Any, place: str) -> Item:
    if not isinstance(given, Mapping):
        raise bad(f"{place} is an object with id, method and url.", place)
    name, method, url = (given.get(each) for each in ("id", "method", "url"))
    if not isinstance(name, str | int) or isinstance(name, bool) or not str(name) or len(str(name)) > 100:
        raise bad(f"{place}.id is a text of 1 to 100 characters.", f"{place}.id")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise bad(f"{place}.method is one of {', '.join(METHODS)}.", f"{place}.method")
    if not isinstance(url, str) or not url:
        raise bad(f"{place}.url is an address below the version, such as /print/printers.", f"{place}.url")
    after = given.get("dependsOn", given.get("depends_on")) or ()
    if not isinstance(after, list | tuple) or not all(isinstance(each, str | int) for each in after):
        raise bad(f"{place}.dependsOn is a list of ids.", f"{place}.dependsOn")
    path, query = _below(url)
    headers = {**_shared(call.headers), **_headers(given.get("headers"), f"{place}.headers")}
    raw, headers = _raw(given.get("body"), headers, f"{place}.body")
    asked = Asked(method.upper(), path, query, headers, call.base, call.beta, raw, address=call.who.address)
    return Item(str(name), asked, tuple(str(each) for each in after))


def _below(url: str) -> tuple[str, str]:
    """Path and query below the version, of an address of any host or of none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    segments = [each for each in parts.path.split("/") if each]
    versions = [at for at, each in enumerate(segments) if each.lower() in ("v1.0", "beta")]
    if versions and (parts.netloc or versions[0] == 0):
        segments = segments[versions[0] + 1 :]
    return "/".join(segments), parts.query


def _shared(headers: Mapping[str, str]) -> dict[str, str]:
    """What the whole batch says for each of its requests."""
    return {name: headers[name] for name in ("client-request-id", "consistencylevel", "traceparent") if name in headers}


def _headers(given: Any, place: str) -> dict[str, str]:
    """The headers of one request; whose it is says the whole batch."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(each, str) for each in given.values()):
        raise bad(f"{place} is an object of texts.", place)
    return {str(name).lower(): value for name, value in given.items() if str(name).lower() != "authorization"}


def _raw(body: Any, headers: Mapping[str, str], place: str) -> tuple[bytes, dict[str, str]]:
    """A body as bytes, with its media type: an object is JSON, a text is base64 of something else, or of JSON."""
    if body is None:
        return b"", dict(headers)
    if isinstance(body, str):
        try:
            return base64.b64decode(body, validate=True), dict(headers)
        except ValueError:
            raise bad(f"{place} is a JSON object, or base64 of what is none.", place) from None
    return json.dumps(body).encode(), {**headers, "content-type": headers.get("content-type", JSON)}


def _told(name: str, response: Response) -> dict[str, Any]:
    told: dict[str, Any] = {"id": name, "status": response.status_code, "headers": _names(response)}
    if not response.body:
        return told
    if "json" in response.headers.get("content-type", ""):
        return {**told, "body": json.loads(bytes(response.body))}
    return {**told, "body": base64.b64encode(bytes(response.body)).decode()}


#: As they are usually written, for whoever looks them up by exact name.
_USUAL = {"etag": "ETag", "odata-version": "OData-Version", "www-authenticate": "WWW-Authenticate"}


def _names(response: Response) -> dict[str, str]:
    return {_USUAL.get(name, name.title()): value for name, value in response.headers.items() if name != "content-length"}
