"""The token endpoint: an application shows one of its tokens as its secret, or signs, and is given an access token for an hour."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from libs.contracts.directory import ClientEntry, ClientKind, TokenEntry, client_key, token_key
from libs.contracts.ids import tenant_guid, token_digest
from libs.runtime.bucket import Bucket
from libs.runtime.bus import NotStored, Unanswered
from libs.runtime.issuing import Issuer, NoKey
from services.gateway.auth import LONGEST, Throttled
from services.gateway.directory import Directory
from services.gateway.domain import speaks_for
from services.gateway.graph.http.address import Address
from services.gateway.issuer.asking import MOST, Asking, read
from services.gateway.issuer.assertion import Assertions
from services.gateway.issuer.discovery import ANY, issuer_name
from services.gateway.issuer.granting import audience_of, roles_of
from services.gateway.issuer.proven import Proven, is_called
from services.gateway.issuer.refusal import Refusal
from services.gateway.oidc.own import KIND, application_claims
from services.gateway.oidc.refusal import BadToken
from services.gateway.oidc.verification import peek
from services.gateway.receiving import TooLarge, receive
from services.gateway.regions.front import Known
from services.gateway.throttle import Tally, line_of

log = structlog.get_logger()

#: Seconds that an access token is good for.
LIFETIME = 3600
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenEndpoint:
    """`POST /oauth2/v2.0/token`, also below a tenant. `audiences`: what tokens may be for, the first unless Graph is asked for;
    `seen`: where assertions are kept that were shown; `elsewhere`: other regions, whose applications print through this one.
    """

    def __init__(
        self,
        directory: Directory,
        issuer: Issuer,
        address: Address,
        audiences: tuple[str, ...],
        *,
        tries: int,
        seen: Bucket,
        elsewhere: Sequence[Known] = (),
    ) -> None:
        self._directory = directory
        self._elsewhere = tuple(elsewhere)
        self._seen = seen
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
            found = await (self._signed(request, asking, line) if asking.assertion else self._client(asking))
        except (Unanswered, NotStored):
            message = "Nobody can tell now whether the secret or client_assertion is good: try again in a moment."
            raise Refusal("temporarily_unavailable", message, status=503, headers={"Retry-After": "5"}) from None
        except BadToken as bad:
            if not bad.genuine:
                self._tally.wrong(line)
            log.info("client assertion refused", cause=str(bad), address=line)
            raise Refusal("invalid_client", f"client_assertion: {bad}", status=401) from None
        if found is None:
            self._tally.wrong(line)
            log.info("client secret refused", address=line)
            challenge = {"WWW-Authenticate": 'Basic realm="printbus"'} if asking.basic else None
            message = "There is no such application with this secret, or one of them is disabled, revoked or expired."
            raise Refusal("invalid_client", message, status=401, headers=challenge)
        self._tally.right(shown)
        return self._issue(found, audience, self._issuer_of(request, found.client))

    async def _signed(self, request: Request, asking: Asking, line: str) -> Proven:
        """The application that has signed. Raises `BadToken`, `Unanswered` and `NotStored`."""
        base, asked = self._address.of(request.scope), str(request.path_params.get("tenant", ""))
        tenant = tenant_guid(asked) if asked and asked not in ANY else ""
        here = (base + request.url.path, issuer_name(base, asked if tenant else ""))
        home = self._home_of(peek(asking.assertion).issuer)
        assertions = Assertions(home, self._seen)
        return await assertions.proven(asking.assertion, client_id=asking.client_id, tenant=tenant, audiences=here, line=line)

    def _home_of(self, name: str) -> Directory:
        """The directory that has an application: our own, unless another region's is known to have it. Raises `Unanswered`."""
        if self._elsewhere and not self._directory.applications(name):
            return next((known.directory for known in self._elsewhere if known.application(name)), self._directory)
        return self._directory

    async def _client(self, asking: Asking) -> Proven | None:
        """The application that this is, by the token that it has shown; None: none. Raises `Unanswered`."""
        if len(asking.secret) > LONGEST:
            return None
        key = token_key(token_digest(asking.secret))
        home = next((known.directory for known in self._elsewhere if known.client(asking.secret)), self._directory)
        (token,) = await home.find(key)
        if not isinstance(token, TokenEntry):
            return None
        (client,) = await home.find(client_key(token.sn))
        if not isinstance(client, ClientEntry) or speaks_for(token, client, time.time_ns() // 1_000_000) is None:
            return None
        if client.role is not ClientKind.APP or not is_called(client, asking.client_id):
            return None
        return Proven(client, token.digest, token.expires_at, token.scopes)

    def _issuer_of(self, request: Request, client: ClientEntry) -> str:
        """Who the token will say has issued it. Raises `Refusal` at the endpoint of another tenant."""
        asked, base = str(request.path_params.get("tenant", "")), self._address.of(request.scope)
        if asked and asked not in ANY and tenant_guid(asked) != tenant_guid(client.tenant):
            raise Refusal("invalid_request", f"The application is of another tenant: ask at {base}/{tenant_guid(client.tenant)}.")
        return issuer_name(base, client.tenant if asked else "")

    def _issue(self, found: Proven, audience: str, issuer: str) -> dict[str, Any]:
        now, client = int(time.time()), found.client
        until = min(now + LIFETIME, found.expires_at // 1000 or now + LIFETIME)
        claims = {
            "iss": issuer,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": until,
            "jti": str(uuid.uuid4()),
            **application_claims(client, roles_of(client.roles, found.scopes), found.credential),
        }
        try:
            signed = self._issuer.sign(claims, KIND)
        except NoKey as error:
            raise Refusal("server_error", str(error), status=500) from None
        log.info("access token given", client=client.sn, tenant=client.tenant, audience=audience)
        return {"token_type": "Bearer", "expires_in": until - now, "ext_expires_in": until - now, "access_token": signed}
