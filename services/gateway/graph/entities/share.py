"""printerShare: a printer as it is offered to people (graph-print.md 2.2)."""

from typing import Any

from libs.contracts.fleet import ShareView
from services.gateway.graph.entities.printer import LARGE, NEVER, base_entity
from services.gateway.graph.http.etags import weak
from services.gateway.graph.odata.query import Query
from services.gateway.graph.words.moments import instant


def share_tag(share: ShareView) -> str:
    """The entity tag of a share, whatever `$select` names."""
    return weak(share_entity(share, Query(select=LARGE)))


def share_entity(share: ShareView, query: Query, *, beta: bool = False) -> dict[str, Any]:
    """A share: its printer under the share's id and name. What is expanded the caller adds."""
    old = {"name": share.name} if beta else {}
    return {
        **base_entity(share.printer, query, beta=beta),
        "id": share.id,
        "displayName": share.name,
        **old,
        "allowAllUsers": share.allow_all,
        "createdDateTime": instant(share.created_at) or NEVER,
        "viewPoint": {"lastUsedDateTime": instant(share.used_at)} if share.used_at else None,
    }
