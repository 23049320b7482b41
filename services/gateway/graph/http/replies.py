"""What handlers answer as HTTP: contexts, pages, tags, and the one form of errors (graph-print.md 1.1, 5.3, 5.4)."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from services.gateway.graph.call import Collection, Plain, Reply
from services.gateway.graph.http.etags import etag_of, names
from services.gateway.graph.http.request import Asked
from services.gateway.graph.odata.paging import cut, next_link
from services.gateway.graph.odata.query import Query
from services.gateway.graph.odata.shaping import ordered, shaped, wanted
from services.gateway.graph.problem import Problem
from services.gateway.graph.words.moments import instant

MEDIA_TYPE = "application/json; odata.metadata=minimal; charset=utf-8"


def entity(reply: Reply, asked: Asked, query: Query) -> Response:
    """One entity, or nothing."""
    headers = dict(reply.headers)
    if reply.status == HTTPStatus.CREATED and reply.body and "id" in reply.body:
        headers.setdefault("Location", f"{asked.url}/{reply.body['id']}")
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    tags: dict[str, str] = {}
    if asked.method == "GET" or reply.etag:
        headers["ETag"] = tags["@odata.etag"] = etag_of(_unexpanded(reply, query))
    # A tag says nothing of what was expanded: that may have changed alone.
    if asked.method == "GET" and not query.expand and names(asked.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if _minimal(asked, reply.status):
        return Response(status_code=204, headers={**headers, "Preference-Applied": "return=minimal"})
    told = {**_context(asked, reply.context), **tags, **shaped(reply.body, query)}
    return _json(told, reply.status, headers)


def collection(found: Collection, asked: Asked, query: Query) -> Response:
    """A page of entities."""
    page, token, count = found.items, found.skiptoken, found.count
    if not found.applied:
        whole = ordered(wanted(found.items, query), query.orderby)
        page, token = cut(whole, query)
        count = len(whole)
    told: dict[str, Any] = _context(asked, found.context)
    if query.count and count is not None:
        told["@odata.count"] = count
    hidden = {name for name in found.large if not query.selects(name)}
    told["value"] = [shaped({name: each[name] for name in each if name not in hidden}, query) for each in page]
    if token:
        told["@odata.nextLink"] = next_link(asked.url, asked.query, token)
    return _json(told, 200, {})


def counted(found: Collection, query: Query) -> int | None:
    """How many there are, for `/$count`; None: the handler does not know."""
    return found.count if found.applied else len(wanted(found.items, query))


def plain(found: Plain) -> Response:
    """Bytes as they are."""
    return Response(found.data, found.status, dict(found.headers), found.media_type)


def failure(problem: Problem, asked: Asked) -> Response:
    """An error in the one form that all have."""
    inner = {"date": instant(time.time_ns() // 1_000_000), "request-id": asked.id, "client-request-id": asked.client_id or asked.id}
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.target:
        error["target"] = problem.target
    return _json({"error": {**error, "innerError": inner}}, problem.status, problem.headers)


def _unexpanded(reply: Reply, query: Query) -> Reply:
    """An entity's tag is that of the entity alone, whatever was asked for beside it."""
    expanded = {name.lower() for name in query.expand}
    body = {name: value for name, value in (reply.body or {}).items() if name.lower() not in expanded}
    return replace(reply, body=body)


def _minimal(asked: Asked, status: int) -> bool:
    """Whether the caller wants no entity back that it has just sent."""
    given = [each.strip().lower() for each in asked.headers.get("prefer", "").split(",")]
    return "return=minimal" in given and (status == HTTPStatus.CREATED or asked.method == "PATCH")


def _context(asked: Asked, context: str) -> dict[str, str]:
    return {"@odata.context": f"{asked.base}/$metadata#{context}"} if context else {}


def _json(body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Response(data, status, {**headers, "Content-Type": MEDIA_TYPE})
