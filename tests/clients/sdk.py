"""The official Python SDK pointed at our server, as graph-print.md 8.1 says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph import GraphServiceClient
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import GraphClientFactory


class _Token(AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict[str, object] | None = None) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


@asynccontextmanager
async def graph(base: str, token: str) -> AsyncIterator[GraphServiceClient]:
    """A client of the SDK; `base` ends with the version, as the SDK's own does with a slash as well."""
    plain = httpx.AsyncClient(trust_env=False, timeout=60)
    client = GraphClientFactory.create_with_default_middleware(client=plain)
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(_Token(token)), client)
    adapter.base_url = base
    try:
        yield GraphServiceClient(request_adapter=adapter)
    finally:
        await client.aclose()
