"""Sends each request to the doors of the region that knows the credential that it shows; all others stay here."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.contracts.directory import client_key, token_key
from libs.contracts.ids import token_digest
from libs.runtime.bus import Unanswered
from libs.runtime.mirror import Mirror
from services.gateway.auth import LONGEST
from services.gateway.directory import Directory
from services.gateway.graph.http.address import BASE
from services.gateway.oidc.own import OURS
from services.gateway.oidc.verification import LONGEST as LONGEST_JWT

#: Below this, and the name of a region, are its own doors: in addresses that they hand out.
BELOW = "/regions/"


@dataclass(frozen=True, slots=True)
class Known:
    """Who belongs to a region, as far as its directory is known here."""

    region: str
    mirror: Mirror
    directory: Directory

    def client(self, shown: str) -> bool:
        """Whether a static token is of one of its clients."""
        return len(shown) <= LONGEST and self.mirror.get(token_key(token_digest(shown))) is not None

    def application(self, name: str) -> bool:
        """Whether this is the serial number, or what tokens call it, of one of its applications; of an empty name: no."""
        if not name or self.mirror.get(client_key(name)):
            return bool(name)
        try:
            return bool(self.directory.applications(name))
        except Unanswered:  # nobody can say now
            return False


class Front:
    """The ASGI application of a gateway that serves several regions."""

    def __init__(self, own: ASGIApp, here: Known, others: Sequence[tuple[Known, ASGIApp]]) -> None:
        self._own = own
        self._here = here
        self._others = others
        self._doors = {known.region: doors for known, doors in others}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        region = self._region(scope) if scope["type"] == "http" else ""
        if region not in self._doors:
            await self._own(scope, receive, send)
            return
        base = f"{BELOW}{region}"
        path: str = scope["path"]
        inner = {**scope, BASE: base}
        if path.startswith(f"{base}/"):
            raw: bytes = scope.get("raw_path") or path.encode()
            inner |= {"path": path[len(base) :], "raw_path": raw.removeprefix(base.encode())}
        await self._doors[region](inner, receive, send)

    def _region(self, scope: Scope) -> str:
        """The region that a request is for; empty: this one."""
        path: str = scope["path"]
        if path.startswith(BELOW):
            return path[len(BELOW) :].partition("/")[0]
        headers = Headers(scope=scope)
        shown = headers.get("api-access-token", "").strip()
        if not shown:
            scheme, _, token = headers.get("authorization", "").strip().partition(" ")
            shown = token.strip() if scheme.lower() == "bearer" else ""
        app = application_of(shown)
        if not shown or self._here.client(shown) or self._here.application(app):
            return ""
        return next((known.region for known, _ in self._others if known.client(shown) or known.application(app)), "")


def application_of(token: str) -> str:
    """What an access token calls its application, looked at and not believed; empty: it is none.

    That is its serial number in those of regions' own issuers: one application may go by one id in several regions.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST_JWT:
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return str(claims.get(OURS, {}).get("sn") or claims.get("appid") or claims.get("azp") or "")
    except (ValueError, RecursionError, AttributeError):
        return ""
