"""The absolute address of this door as callers reach it: never that of whatever stands between (graph-print.md 5.1)."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.webapi.guard import DEFAULT_PORTS, LOOPBACK, literal

#: Where a request's scope has the beginning of the paths of another region's doors.
BASE = "printbus.base"


class Address:
    """`public_url` where there is one. Else the name in Host, if it is one of this server's, or the address that was called."""

    def __init__(self, public_url: str, names: Sequence[str]) -> None:
        self._public = public_url.rstrip("/")
        self._names = frozenset(name.lower() for name in names)

    def of(self, scope: Scope) -> str:
        """`https://print.example`, without a slash at its end."""
        base: str = scope.get(BASE, "")
        if self._public:
            return self._public + base
        address, port = scope.get("server") or (LOOPBACK[0], None)
        here = literal(str(address))
        given = Headers(scope=scope).getlist("host")
        host = given[0].strip().lower() if len(given) == 1 else ""
        known = {f"{name}:{port}" for name in (*LOOPBACK, here, *self._names)} | self._names
        if port in (None, DEFAULT_PORTS.get(scope["scheme"])):
            known |= {*LOOPBACK, here}
        if host not in known:
            host = here if port is None else f"{here}:{port}"
        return f"{scope['scheme']}://{host}{base}"
