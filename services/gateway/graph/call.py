"""A request as the handlers see it, what they answer, and the rows that join the two."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from libs.contracts.message import Message
from libs.contracts.queries import RecordAction
from services.gateway.gateway import Gateway
from services.gateway.graph.odata.query import Query
from services.gateway.graph.principal import Principal

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """`base` is the absolute address of the version that was asked, such as `https://print.example/v1.0`, no slash at its end.

    `ids` are the keys in the path by the names that the route's pattern gives them. `body` is the JSON object that came, {} when
    there was none; `request` is for what needs more (streams, other media types), None inside `$batch`. `strict`: Graph's own rules
    hold, also those that partners complain of (GRAPH_STRICT).
    """

    gateway: Gateway
    who: Principal
    method: str
    base: str
    ids: Mapping[str, str]
    query: Query
    headers: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    request: Request | None = None
    beta: bool = False
    strict: bool = True

    async def ask(self, question: Message, within: float = 4.5) -> Any:
        """What the service answers. Raises `Refused` and `Unanswered`, which the door turns into a `Problem`."""
        return await self.gateway.bus.ask(question, timeout=within)

    async def record(self, action: str, what: str, **details: str) -> None:
        """Have what the registry does not do itself in its audit log; never a secret. Raises `Unanswered`."""
        who, told = self.who, {name: text for name, text in details.items() if text}
        question = RecordAction(
            region=self.gateway.region, tenant=who.tenant, sn=who.sn, action=action, what=what, details=told, by=who.by
        )
        await self.ask(question)


@dataclass(frozen=True, slots=True)
class Reply:
    """An entity (`body` with `context`, what follows `$metadata#`), or nothing. The door applies `$select` to entities, keeps what
    was expanded, and adds `@odata.context`.
    """

    status: int = 200
    body: Mapping[str, Any] | None = None
    context: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """Many entities. When `applied` is False they are all there are: the door filters, sorts, counts and pages them itself.

    When it is True the handler did (`$filter`, `$orderby`, `$skip`, `$top`); `skiptoken` is what the next page is asked with
    (empty: this is the last one) and `count` what `$count=true` tells. `$select` is always the door's. `large` are the members
    that are told only when it names them, whatever else they are here for.
    """

    items: Sequence[Mapping[str, Any]]
    context: str
    applied: bool = False
    skiptoken: str = ""
    count: int | None = None
    large: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plain:
    """Bytes, or a text such as the number of `$count`."""

    data: bytes
    media_type: str = "text/plain"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Reply | Collection | Plain
Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` below the version, segments as documented, keys in braces: `print/printers/{printer}/jobs/{job}/start`.

    A function's parameters may stand in its brackets: `reports/getX(printerId={printerId})`. Who may ask is in the permission
    matrix, by method and path, or by method and `rule`, another path. `beta`: only below `/beta`. `accepts` are the media types
    of bodies; those that are not JSON come as `Call.raw`. `stream`: the handler takes the body itself, from `Call.request`.
    """

    method: str
    path: str
    handler: Handler
    beta: bool = False
    rule: str = ""
    accepts: tuple[str, ...] = (JSON,)
    stream: bool = False
