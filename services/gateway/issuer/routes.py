"""The built-in issuer's addresses, each also below a tenant (its GUID or name, `common`, `organizations`)."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from libs.runtime.issuing import Issuer
from services.gateway.gateway import Gateway
from services.gateway.graph.http.address import Address
from services.gateway.issuer.discovery import description
from services.gateway.issuer.endpoint import TokenEndpoint
from services.gateway.oidc.own import audiences
from services.gateway.pace import Pace
from services.gateway.regions.front import Known
from services.gateway.settings import GatewaySettings

_PUBLISHED = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}


def issuer_routes(gateway: Gateway, settings: GatewaySettings, pace: Pace, elsewhere: Sequence[Known] = ()) -> list[Route]:
    """Nothing when the issuer is switched off. Applications of the regions `elsewhere` are given tokens, too."""
    if not settings.issuer_enabled:
        return []
    issuer = Issuer(settings.keys_dir)
    address = Address(settings.public_url, settings.http_names)
    told = audiences(settings.graph_audience, settings.public_url)
    tries, seen = settings.token_tries, gateway.reservations
    token = TokenEndpoint(gateway.directory, issuer, address, told, tries=tries, seen=seen, elsewhere=elsewhere)

    give = pace.of("tokens", token.__call__)

    async def describe(request: Request) -> Response:
        return JSONResponse(description(address.of(request.scope), request.path_params.get("tenant", "")), headers=_PUBLISHED)

    async def keys(_request: Request) -> Response:
        return JSONResponse(issuer.jwks(), headers=_PUBLISHED)

    return [
        *_both("/.well-known/openid-configuration", describe),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", describe),
        Route("/.well-known/oauth-authorization-server", describe),
        *_both("/discovery/v2.0/keys", keys),
        *_both("/oauth2/v2.0/token", give, "POST"),
        Route("/{tenant}/oauth2/token", give, methods=["POST"]),
        *_both("/oauth2/v2.0/authorize", _no_sign_in, "GET", "POST"),
    ]


def _both(path: str, answer: Callable[[Request], Awaitable[Response]], *methods: str) -> list[Route]:
    return [Route(each, answer, methods=list(methods) or None) for each in (path, f"/{{tenant}}{path}")]


async def _no_sign_in(_request: Request) -> Response:
    """Programs want to know where people sign in, even those that never send anybody there."""
    message = (
        "This issuer signs nobody in. Tokens of users come from `python -m services user token`, or from an issuer of your own "
        "(PRINTBUS_OIDC_ISSUERS)."
    )
    return JSONResponse({"error": "unsupported_response_type", "error_description": message}, 400)
