"""Whether who has a good token is still welcome: a token lives for an hour, and what is taken away is gone within seconds."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from libs.contracts.directory import AppKey, ClientEntry, TokenEntry, client_key, token_key
from libs.contracts.people import GetUser, UserAnswer, UserView
from libs.contracts.queries import Code
from libs.runtime.bus import Bus, Refused
from services.gateway.directory import Directory
from services.gateway.oidc.refusal import BadToken

#: Seconds for which an answer about a user is good.
REMEMBERED = 3.0
#: Users that are remembered.
MOST = 10_000
#: How a credential begins that is no token but a key: its thumbprint follows.
KEY = "key:"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the registry says of somebody; `barred`: why nobody of the tenant is let in."""

    user: UserView | None = None
    barred: str = ""


class Standing:
    """Asks the directory about applications and the registry about users, about each of these once in `REMEMBERED` seconds."""

    def __init__(self, directory: Directory, bus: Bus, region: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._bus = bus
        self._region = region
        self._clock = clock
        self._users: OrderedDict[tuple[str, str], tuple[float, asyncio.Task[_Known]]] = OrderedDict()

    async def application(self, tenant: str, app: str) -> ClientEntry | None:
        """An application of another issuer, if the registry knows it. Raises `BadToken` for a disabled one, and `Unanswered`."""
        return _enabled(self._directory.application(tenant, app))

    async def client(self, tenant: str, sn: str, credential: str) -> ClientEntry:
        """An application of ours, whose token (by digest) or key is still good that it got this one for; none: it needed none.

        Raises `BadToken` and `Unanswered`.
        """
        of_key = credential.startswith(KEY)
        keys = (client_key(sn), *((token_key(credential),) if credential and not of_key else ()))
        client, *tokens = await self._directory.find(*keys)
        if not isinstance(client, ClientEntry) or client.tenant != tenant:
            raise BadToken("There is no such application any more.", genuine=True)
        for token in tokens:
            if not isinstance(token, TokenEntry) or token.sn != sn or 0 < token.expires_at <= time.time() * 1000:
                raise BadToken("The application's secret is revoked or has expired.", genuine=True)
        if of_key and not any(KEY + key.thumbprint == credential and good(key) for key in client.keys):
            raise BadToken("The application's key was removed, or its certificate has expired.", genuine=True)
        _enabled(client)
        return client

    async def user(self, tenant: str, user: str) -> UserView | None:
        """A user of the registry, None: it knows nobody of this id, as of other issuers' applications.

        Raises `BadToken` for a disabled one, or one of a tenant that is disabled or that there is not; and `Unanswered`.
        """
        key, now = (tenant, user), self._clock()
        until, asking = self._users.get(key, (0.0, None))
        if asking is None or now >= until or (asking.done() and (asking.cancelled() or asking.exception())):
            asking = asyncio.create_task(self._ask(tenant, user))
            self._users[key] = (now + REMEMBERED, asking)
            self._users.move_to_end(key)
            if len(self._users) > MOST:
                self._users.popitem(last=False)
        found = await asyncio.shield(asking)
        if found.barred:
            raise BadToken(found.barred, genuine=True)
        if found.user and not found.user.enabled:
            raise BadToken("The user is disabled.", genuine=True)
        return found.user

    async def _ask(self, tenant: str, user: str) -> _Known:
        try:
            answer: UserAnswer = await self._bus.ask(GetUser(region=self._region, tenant=tenant, user=user))
        except Refused as no:
            if no.code is Code.NOT_FOUND:
                return _Known()
            if no.code is Code.FORBIDDEN:
                return _Known(barred=no.message)
            raise
        # Users are found by their names, too, which are not what a token proves.
        return _Known(answer.user if answer.user.id.lower() == user.lower() else None)


def good(key: AppKey) -> bool:
    """Whether the time of a key has come and is not over."""
    now = time.time() * 1000
    return key.begins_at <= now and not 0 < key.expires_at <= now


def _enabled(client: ClientEntry | None) -> ClientEntry | None:
    if client and not client.enabled:
        raise BadToken("The application is disabled.", genuine=True)
    return client
