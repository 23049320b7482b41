"""The keys of one issuer: fetched when they are needed, once for all who wait, and believed for a bounded time."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from services.gateway.oidc.refusal import NoKeys
from services.gateway.oidc.trusted import ALGORITHMS

log = structlog.get_logger()

#: Seconds between two fetches that somebody's unknown key id, or a failure, may cause.
PAUSE = 10.0
#: RSA keys that are shorter are believed by nobody.
SMALLEST = 2048
#: Keys of a set that are looked at.
MOST = 100

PublicKey = RSAKey | ECKey | OKPKey


class Fetching(Protocol):
    """Where keys come from."""

    async def keys(self) -> tuple[list[Mapping[str, Any]], float | None]:
        """JWKs, and for how many seconds they are good (None: it is not said). Raises `NoKeys`."""
        ...


class Keyring:
    """`keys_for`: the longest time in seconds until they are asked for again; `keys_kept`: until they are forgotten when nobody
    answers. A key that left the set is refused from the next fetch on.
    """

    def __init__(
        self, source: Fetching, keys_for: float, keys_kept: float, clock: Callable[[], float] = time.monotonic, name: str = ""
    ) -> None:
        self._source = source
        self._keys_for = keys_for
        self._keys_kept = keys_kept
        self._clock = clock
        self._name = name
        self._keys: tuple[PublicKey, ...] = ()
        self._fetched = -float("inf")
        self._stale_at = -float("inf")
        self._not_before = -float("inf")
        self._failing = False
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id for this algorithm; without an id, the only one there is. Raises `NoKeys` when nobody can tell."""
        if self._clock() >= self._stale_at:
            await self._refresh(wait=not self._failing)
        found = self._find(kid, algorithm)
        if found is None:
            await self._refresh()
            found = self._find(kid, algorithm)
        if found is None and self._clock() - self._fetched > self._keys_kept:
            raise NoKeys(self._name)
        return found

    def _find(self, kid: str, algorithm: str) -> PublicKey | None:
        if self._clock() - self._fetched > self._keys_kept:
            return None
        fitting = [key for key in self._keys if fits(key, algorithm)]
        if not kid:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)

    async def _refresh(self, *, wait: bool = True) -> None:
        """Fetch, or wait for the fetch that is on its way; not at all within `PAUSE` of the last one.

        While an issuer does not answer, its remembered keys are good without waiting for it.
        """
        if self._fetching is None or self._fetching.done():
            if self._clock() < self._not_before:
                return
            self._not_before = self._clock() + PAUSE
            self._fetching = asyncio.create_task(self._fetch(), name=f"keys of {self._name}")
        if wait:
            await asyncio.shield(self._fetching)  # who gives up does not end it for the others

    async def _fetch(self) -> None:
        try:
            answered, age = await self._source.keys()
        except NoKeys as error:
            self._failing = True
            log.warning("issuer's keys not fetched", issuer=self._name, cause=str(error))
            return
        self._failing = False
        self._keys = tuple(usable(answered))
        self._fetched = self._clock()
        good_for = self._keys_for if age is None else min(self._keys_for, max(age, PAUSE))
        self._stale_at = self._fetched + good_for
        log.info("issuer's keys fetched", issuer=self._name, keys=len(self._keys))


def usable(answered: Iterable[Mapping[str, Any]]) -> list[PublicKey]:
    """Those of a JWK set (RFC 7517) that may sign: public keys of the kinds in `ALGORITHMS`; others are passed over."""
    found: list[PublicKey] = []
    for each in list(answered)[:MOST]:
        if each.get("kty") not in ("RSA", "EC", "OKP") or each.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key({**each})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey) and _strong(key):
            found.append(key)
    return found


def _strong(key: PublicKey) -> bool:
    return not isinstance(key, RSAKey) or key.public_key.key_size >= SMALLEST


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether the key is of the kind that the algorithm needs, and not meant for another."""
    kind, curve = ALGORITHMS[algorithm]
    return key.key_type == kind and key.get("alg", algorithm) == algorithm and (not curve or key.get("crv") == curve)
