"""Weak entity tags, and what may be done on condition that something is still as it was (graph-print.md 5.3; RFC 9110 13.1)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from services.gateway.graph.call import Reply


def etag_of(reply: Reply) -> str:
    """The handler's own tag, or one of all that is told."""
    return reply.etag or weak(reply.body or {})


def weak(body: Mapping[str, Any]) -> str:
    """A tag that changes with the entity."""
    told = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str).encode()
    return f'W/"{hashlib.sha256(told).hexdigest()[:24]}"'


def names(condition: str, etag: str) -> bool:
    """Whether `If-Match` or `If-None-Match` names this tag, compared weakly; `*` names every one."""
    given = [each.strip() for each in condition.split(",")]
    return "*" in given or _opaque(etag) in (_opaque(each) for each in given)


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/").strip('"')
