"""Who asks with a bearer token: the door's one question, over all issuers that are trusted (graph-print.md 6.4)."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from joserfc.jwk import RSAKey

from libs.runtime.bus import Bus, Refused, Unanswered
from libs.runtime.issuing import ALGORITHM, Issuer
from services.gateway.auth import Throttled
from services.gateway.directory import Directory
from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem, unanswered
from services.gateway.oidc import own
from services.gateway.oidc.claims import Reader
from services.gateway.oidc.fetching import Source
from services.gateway.oidc.keyring import Keyring, PublicKey
from services.gateway.oidc.origin import Names
from services.gateway.oidc.refusal import BadToken, NoKeys
from services.gateway.oidc.standing import Standing
from services.gateway.oidc.trusted import TrustedIssuer
from services.gateway.oidc.verification import Peeked, check_claims, check_kind, peek, verified
from services.gateway.settings import GatewaySettings
from services.gateway.throttle import Tally, line_of

log = structlog.get_logger()

SCHEME = "bearer"
#: Seconds that the clocks of several gateways may differ.
SKEW = 30.0


@dataclass(frozen=True, slots=True)
class Foreign:
    """An issuer of the operator's list, under one of its names."""

    trusted: TrustedIssuer
    keyring: Keyring


class Bearers:
    """`issuer` None: the built-in one is off; it goes by `names`. `authority` is where a client is told to get a token.

    At the doors of another region, `away` is its name, and `told` are the keys with which it signs: what its own built-in issuer
    gave out is as good here as what ours gives out for its clients.
    """

    def __init__(
        self,
        standing: Standing,
        foreign: Mapping[str, Foreign],
        issuer: Issuer | None,
        audiences: Sequence[str],
        *,
        tries: int,
        names: Names | None = None,
        authority: str = "",
        clock: Callable[[], float] = time.time,
        told: Sequence[RSAKey] = (),
        away: str = "",
    ) -> None:
        self._standing = standing
        self._foreign = foreign
        self._issuer = issuer
        self._audiences = tuple(audiences)
        self._names = names or Names()
        self._authority = authority
        self._clock = clock
        self._told = tuple(told)
        self._away = away
        self._tally = Tally(tries)

    @classmethod
    def of(
        cls, settings: GatewaySettings, directory: Directory, bus: Bus, told: Sequence[RSAKey] = (), away: str = ""
    ) -> "Bearers":
        """As the settings say."""
        return cls(
            Standing(directory, bus, settings.region),
            {name: Foreign(each, _keyring(each, name)) for each in settings.oidc_issuers for name in each.names},
            Issuer(settings.keys_dir) if settings.issuer_enabled else None,
            own.audiences(settings.graph_audience, settings.public_url),
            tries=settings.token_tries,
            names=Names(settings.public_url, (settings.http_host, *settings.http_names)),
            authority=_authority(settings),
            told=told,
            away=away,
        )

    async def principal(self, headers: Mapping[str, str], address: str) -> Principal:
        """Who asks; names of `headers` are in small letters.

        Raises `Problem`: 401 without a good token, 429 after too many wrong ones from the address, 503 when nobody can tell now.
        """
        scheme, _, token = headers.get("authorization", "").strip().partition(" ")
        token = token.strip()
        if scheme.lower() != SCHEME or not token:
            raise self._unauthorized(f"Send an access token in the header Authorization: Bearer.{self._hint}")
        line = line_of(address)
        try:
            peeked = peek(token)
            shown = hash((line, peeked.bearer))
            if (wait := self._tally.wait(line)) > 0 and not self._tally.knows(shown):
                raise _throttled(wait)
            who = await self._believed(token, peeked, address)
        except BadToken as bad:
            raise self._refused(bad, line) from None
        except (NoKeys, Unanswered, Refused) as error:
            log.warning("bearer token not looked at", cause=type(error).__name__)
            if self._away and isinstance(error, Unanswered):
                raise unanswered(self._away) from None
            message = "Nobody can tell now whether the token is good: its issuer or the registry does not answer."
            raise Problem(503, "serviceNotAvailable", message, headers={"Retry-After": "5"}) from None
        self._tally.right(shown)  # the next token of the same one is let in as well
        return who

    def _refused(self, bad: BadToken, line: str) -> Problem:
        if (wait := self._tally.wait(line)) > 0:
            return _throttled(wait)
        if not bad.genuine:
            self._tally.wrong(line)
        log.info("bearer token refused", cause=str(bad), address=line)
        return self._unauthorized(str(bad) if bad.genuine else f"{bad}{self._hint}")

    @property
    def _hint(self) -> str:
        """For who shows at this door what is good at the other one."""
        return " An application gets one for its own token at /oauth2/v2.0/token." if self._issuer else ""

    async def _believed(self, token: str, peeked: Peeked, address: str) -> Principal:
        """Raises `BadToken`, `NoKeys`, and the bus's `Unanswered` and `Refused`."""
        if foreign := self._foreign.get(peeked.issuer):
            trusted = foreign.trusted
            if peeked.algorithm not in trusted.algorithms:
                raise BadToken(f"Tokens of this issuer are signed by {' or '.join(trusted.algorithms)}.")
            key = await foreign.keyring.key(peeked.kid, peeked.algorithm)
            if key is None:
                raise BadToken("The token's key (kid) is none of its issuer's.")
            claims = verified(token, peeked, key, trusted.algorithms)
            check_kind(peeked, claims)
            check_claims(claims, trusted.audiences, self._clock(), trusted.skew)
            return await self._welcome(Reader(trusted).principal(claims, address))
        key, audiences, names = self._built_in(peeked)
        claims = verified(token, peeked, key, (ALGORITHM,))
        check_claims(claims, audiences, self._clock(), SKEW)
        return await own.principal(claims, self._standing, address, names)

    def _built_in(self, peeked: Peeked) -> tuple[PublicKey, Collection[str] | None, Names | None]:
        """The key of a token of our built-in issuer or of that of the region whose doors these are, and what else it must say.

        Raises `BadToken`.
        """
        if peeked.kind == own.KIND:
            if self._issuer and (key := own.key_of(self._issuer.believed(), peeked.kid)):
                return key, self._audiences, self._names
            if key := own.key_of(self._told, peeked.kid):
                return key, None, None  # by which addresses it is reached only it knows, and it signs for its own doors alone
        raise BadToken("The token's issuer (iss) is not trusted here, or its key is no longer good.")

    async def _welcome(self, who: Principal) -> Principal:
        """Somebody from another issuer, with what the registry knows: it may have them disabled, or made an administrator."""
        client = await self._standing.application(who.tenant, who.app)
        user = await self._standing.user(who.tenant, who.id)
        if not who.delegated:
            return replace(who, sn=client.sn if client else "", display=who.display or (client.name if client else ""))
        return replace(
            who,
            sn=client.sn if client else "",
            display=who.display or (user.display if user else ""),
            administrator=who.administrator or bool(user and user.administrator),
        )

    def _unauthorized(self, message: str) -> Problem:
        said = "".join(each for each in message if " " <= each <= "~" and each not in '"\\')
        challenge = f'Bearer realm="", authorization_uri="{self._authority}", error="invalid_token", error_description="{said}"'
        return Problem(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})


def _keyring(trusted: TrustedIssuer, name: str) -> Keyring:
    return Keyring(Source(trusted, name), trusted.keys_for, trusted.keys_kept, name=name)


def _authority(settings: GatewaySettings) -> str:
    """Where a token can be had: the sign-in address of the first issuer, as Graph names it."""
    if settings.oidc_issuers:
        return settings.oidc_issuers[0].names[0]
    base = settings.public_url.rstrip("/") or f"http://{settings.http_host}:{settings.http_port}"
    return f"{base}/common/oauth2/v2.0/authorize"


def _throttled(wait: float) -> Problem:
    said = Throttled(wait)
    return Problem(429, "TooManyRequests", str(said), headers={"Retry-After": str(said.retry_after)})
