"""The token endpoint: an application shows one of its tokens as its secret, and is given an access token for an hour."""

import time
import uuid
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from libs.contracts.directory import ClientEntry, ClientKind, TokenEntry, client_key, token_key
from libs.contracts.ids import tenant_guid, token_digest
from libs.runtime.bus import Unanswered
from libs.runtime.issuing import Issuer, NoKey
from services.gateway.auth import LONGEST, Throttled
from services.gateway.directory import Directory, app_of
from services.gateway.domain import speaks_for
from services.gateway.graph.http.address import Address
from services.gateway.issuer.asking import MOST, Asking, read
from services.gateway.issuer.discovery import ANY, issuer_name
from services.gateway.issuer.granting import audience_of, roles_of
from services.gateway.issuer.refusal import Refusal
from services.gateway.oidc.own import KIND, application_claims
from services.gateway.receiving import TooLarge, receive
from services.gateway.throttle import Tally, line_of

log = structlog.get_logger()

#: Seconds that an access token is good for.
LIFETIME = 3600
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenEndpoint:
    """`POST /oauth2/v2.0/token`, also below a tenant. `audiences`: what tokens may be for, the first unless Graph is asked for."""

    def __init__(self, directory: Directory, issuer: Issuer, address: Address, audiences: tuple[str, ...], tries: int) -> None:
        self._directory = directory
        self._issuer = issuer
        self._address = address
        self._audiences = audiences
        self._tally = Tally(tries)

    async def __call__(self, request: Request) -> Response:
        try:
            body = bytes(await receive(request, MOST))
            answer = await self._answer(request, read(request.headers, body))
        except Refusal as no:
            told = {"error": no.error, "error_description": str(no)}
            return JSONResponse(told, no.status, headers={**_HEADERS, **no.headers})
        except TooLarge:
            return JSONResponse({"error": "invalid_request", "error_description": "The form is too large."}, 413, headers=_HEADERS)
        except ClientDisconnect:
            return Response(status_code=400)
        return JSONResponse(answer, headers=_HEADERS)

    async def _answer(self, request: Request, asking: Asking) -> dict[str, Any]:
        audience = audience_of(asking.scope, asking.resource, self._audiences)
        line = line_of(request.client.host if request.client else "")
        shown = hash((line, asking.client_id, asking.secret))
        if (wait := self._tally.wait(line)) > 0 and not self._tally.knows(shown):
            said = Throttled(wait)
            raise Refusal("temporarily_unavailable", str(said), status=429, headers={"Retry-After": str(said.retry_after)})
        try:
            found = await self._client(asking)
        except Unanswered:
            message = "Nobody can tell now whether the secret is good: try again in a moment."
            raise Refusal("temporarily_unavailable", message, status=503, headers={"Retry-After": "5"}) from None
        if found is None:
            self._tally.wrong(line)
            log.info("client secret refused", address=line)
            challenge = {"WWW-Authenticate": 'Basic realm="printbus"'} if asking.basic else None
            message = "There is no such application with this secret, or one of them is disabled, revoked or expired."
            raise Refusal("invalid_client", message, status=401, headers=challenge)
        self._tally.right(shown)
        client, token = found
        return self._issue(client, token, audience, self._issuer_of(request, client))

    async def _client(self, asking: Asking) -> tuple[ClientEntry, TokenEntry] | None:
        """The application that this is, and the token that it has shown. Raises `Unanswered`."""
        if len(asking.secret) > LONGEST:
            return None
        key = token_key(token_digest(asking.secret))
        (token,) = await self._directory.get(key)
        if token is None:
            token = await self._directory.settle_key(key)  # one that was made just now
        if not isinstance(token, TokenEntry):
            return None
        (client,) = await self._directory.get(client_key(token.sn))
        if client is None:
            client = await self._directory.settle_key(client_key(token.sn))
        if not isinstance(client, ClientEntry) or speaks_for(token, client, time.time_ns() // 1_000_000) is None:
            return None
        named = asking.client_id == client.sn or asking.client_id.lower() == app_of(client).lower()
        return (client, token) if named and client.role is ClientKind.APP else None

    def _issuer_of(self, request: Request, client: ClientEntry) -> str:
        """Who the token will say has issued it. Raises `Refusal` at the endpoint of another tenant."""
        asked, base = str(request.path_params.get("tenant", "")), self._address.of(request.scope)
        if asked and asked not in ANY and tenant_guid(asked) != tenant_guid(client.tenant):
            raise Refusal("invalid_request", f"The application is of another tenant: ask at {base}/{tenant_guid(client.tenant)}.")
        return issuer_name(base, client.tenant if asked else "")

    def _issue(self, client: ClientEntry, token: TokenEntry, audience: str, issuer: str) -> dict[str, Any]:
        now = int(time.time())
        until = min(now + LIFETIME, token.expires_at // 1000 or now + LIFETIME)
        claims = {
            "iss": issuer,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": until,
            "jti": str(uuid.uuid4()),
            **application_claims(client, roles_of(client.roles, token.scopes), token.digest),
        }
        try:
            signed = self._issuer.sign(claims, KIND)
        except NoKey as error:
            raise Refusal("server_error", str(error), status=500) from None
        log.info("access token given", client=client.sn, tenant=client.tenant, audience=audience)
        return {"token_type": "Bearer", "expires_in": until - now, "ext_expires_in": until - now, "access_token": signed}
