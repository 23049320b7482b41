"""Fetching what issuers publish: their description and their keys, JSON of bounded size."""

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from libs.runtime.origin import is_web
from libs.runtime.vetting import Forbidden, Guard, Unknown, Unreachable
from services.gateway.oidc.refusal import NoKeys
from services.gateway.oidc.trusted import TrustedIssuer

#: Seconds of each wait and of all together, and bytes of an answer.
TIMEOUT, WITHIN = 5.0, 20.0
LARGEST = 1024 * 1024
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})")


class Source:
    """One issuer over HTTP: `name` is its `iss`. The operator's own addresses may lead anywhere; a host that only the issuer's
    description names must be the issuer's own, or public.
    """

    def __init__(self, trusted: TrustedIssuer, name: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._trusted = trusted
        self._name = name
        self._transport = transport
        self._guard = Guard((), "jwks_uri of PRINTBUS_OIDC_ISSUERS")

    async def keys(self) -> tuple[list[Mapping[str, Any]], float | None]:
        """The JWK set's members, and for how many seconds the issuer calls them good. Raises `NoKeys`."""
        try:
            async with asyncio.timeout(WITHIN):  # everybody waits who has a token of this issuer, and some answer byte by byte
                return await self._keys()
        except TimeoutError:
            raise NoKeys(f"{_shown(self._name)} takes longer than {WITHIN:.0f} s") from None

    async def _keys(self) -> tuple[list[Mapping[str, Any]], float | None]:
        verify = True if self._transport else await asyncio.to_thread(_trusting, self._trusted)  # it reads many files
        async with httpx.AsyncClient(transport=self._transport, verify=verify, timeout=TIMEOUT, trust_env=False) as client:
            address = self._trusted.jwks_uri or await self._found(client)
            answer, age = await _get(client, address)
        keys = answer.get("keys")
        if not isinstance(keys, list):
            raise NoKeys(f"{_shown(address)} has no JWK set")
        return [each for each in keys if isinstance(each, dict)], age

    async def _found(self, client: httpx.AsyncClient) -> str:
        """The address of the keys, as the issuer describes itself."""
        where = self._trusted.configuration(self._name)
        description, _ = await _get(client, where)
        if description.get("issuer") != self._name:
            raise NoKeys(f"{_shown(where)} describes another issuer")
        address = description.get("jwks_uri")
        if not isinstance(address, str) or not is_web(address):
            raise NoKeys(f"{_shown(where)} names no jwks_uri")
        here, there = urlsplit(where), urlsplit(address)
        if here.scheme == "https" and there.scheme != "https":
            raise NoKeys(f"{_shown(where)} names a jwks_uri without https")
        if (there.hostname or "").lower() != (here.hostname or "").lower():
            try:
                await self._guard.addresses(there.hostname or "", there.port or 443)
            except (Forbidden, Unknown, Unreachable) as error:
                raise NoKeys(str(error)) from None
        return address


def _trusting(trusted: TrustedIssuer) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if trusted.ca_file:
            context.load_verify_locations(cafile=str(trusted.ca_file))
    except OSError as error:
        raise NoKeys(f"the ca_file of {trusted.issuer} cannot be read: {error.strerror}") from None
    return context


async def _get(client: httpx.AsyncClient, address: str) -> tuple[dict[str, Any], float | None]:
    body = bytearray()
    try:
        async with client.stream("GET", address, headers={"Accept": "application/json"}) as answer:
            if answer.status_code != httpx.codes.OK:
                raise NoKeys(f"{_shown(address)} answers {answer.status_code}")
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise NoKeys(f"{_shown(address)} answers more than {LARGEST} bytes")
            found = json.loads(bytes(body))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoKeys(f"{_shown(address)} cannot be asked: {type(error).__name__}") from None
    except (ValueError, RecursionError):
        raise NoKeys(f"{_shown(address)} answers no JSON") from None
    if not isinstance(found, dict):
        raise NoKeys(f"{_shown(address)} answers no JSON object")
    age = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    return found, float(age[1]) if age else None


def _shown(address: str) -> str:
    return address.partition("?")[0]
