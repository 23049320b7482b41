"""Relay tokens and pairing codes: how pages of other sites may speak for a client through a gateway, and how that ends."""

import hashlib
import re
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from libs.contracts.ids import token_digest
from libs.contracts.message import Undecodable, decode, encode
from libs.contracts.relays import PairingEntry, RelayEntry
from libs.contracts.streams import RELAYS
from libs.runtime.bucket import Bucket, Kept, Taken
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.follower import Follower
from libs.runtime.history import History

#: Letters and digits that nobody takes for another one.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE = 8
#: Milliseconds: a code is good for so long, a relay token for at most so long.
CODE_VALID = 600_000
LONGEST = 366 * 86_400_000
#: Relays of one client that a list shows, the newest, and entries that are read at a time: those that were revoked or are over
#: lie among the others for as long as the longest may live.
LISTED, STEP = 500, 500
#: Revocations that are remembered, the newest: open sessions are looked at each second, and end with theirs.
REMEMBERED = 10_000

_TOKEN = re.compile(r"wpr_([A-Za-z0-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)
_STREAM = f"KV_{RELAYS.name}"


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay as it is kept: its key in the bucket and what it allows."""

    key: str
    entry: RelayEntry

    @property
    def id(self) -> str:
        """What people call it by; it is not its token."""
        return self.key.rpartition(".")[2][:16]


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Relays:
    """The relays of all clients. All methods that ask raise the bus's `Unanswered`, those that write also `NotStored`."""

    def __init__(self, bus: Bus, codes: Bucket) -> None:
        self._bus = bus
        self._codes = codes
        self._bucket = Bucket(bus, RELAYS.name)
        #: Keys that were revoked lately, since we follow.
        self.revoked: OrderedDict[str, None] = OrderedDict()

    async def issue(self, entry: RelayEntry) -> tuple[str, Relay]:
        """A new relay: its token, which nobody can ask for again, and what is kept of it."""
        token = f"wpr_{entry.sn}_{secrets.token_urlsafe(32)}"
        relay = Relay(_key(token, entry.sn), entry)
        await self._bucket.create(relay.key, encode(entry))
        return token, relay

    async def find(self, token: str) -> Relay | None:
        """The relay of a token; None when there is none (any more) or its time is over."""
        found = _TOKEN.fullmatch(token)
        if not found:
            return None
        key = _key(token, found[1])
        entry = _entry(await self._bucket.get(key))
        return Relay(key, entry) if entry and entry.expires_at > now() else None

    async def of(self, tenant: str, sn: str) -> list[Relay]:
        """The relays of a client that are good now, oldest first."""
        return list(deque([relay async for relay in self._good(tenant, sn)], maxlen=LISTED))

    async def called(self, tenant: str, sn: str, name: str) -> Relay | None:
        """The relay of a client that people call so (`Relay.id`), if it is good now."""
        async for relay in self._good(tenant, sn):
            if relay.id == name:
                return relay
        return None

    async def _good(self, tenant: str, sn: str) -> AsyncIterator[Relay]:
        history, upto = History(self._bus, _STREAM), 0
        while kept := await history.after(upto, f"$KV.{RELAYS.name}.{sn}.>", STEP):
            upto = kept[-1].sequence
            for each in kept:
                entry = _entry(Kept(each.data, each.sequence))
                if entry and entry.tenant == tenant and entry.expires_at > now():
                    yield Relay(each.subject.removeprefix(f"$KV.{RELAYS.name}."), entry)

    async def revoke(self, relay: Relay) -> None:
        """End a relay: its token is void at once, and open sessions end within a second or two."""
        out = Outgoing(f"$KV.{RELAYS.name}.{relay.key}", b"", "", {"KV-Operation": "DEL"})
        await self._bus.publish_raw(out, stream=_STREAM)

    async def follow(self) -> None:
        """Hear of revocations, whoever makes them, for ever; a body for `Service.loop`."""
        last = (await History(self._bus, _STREAM).bounds()).last
        async for change in Follower(self._bus, _STREAM, [f"$KV.{RELAYS.name}.>"], last).messages():
            if not change.data:
                self.revoked[change.subject.removeprefix(f"$KV.{RELAYS.name}.")] = None
            if len(self.revoked) > REMEMBERED:
                self.revoked.popitem(last=False)

    async def pair(self, relay: RelayEntry) -> tuple[str, PairingEntry]:
        """A new code that is exchanged for this relay, once."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE))
        pairing = PairingEntry(relay=relay, valid_until=now() + CODE_VALID)
        await self._codes.create(_code_key(code), encode(pairing))
        return f"{code[:4]}-{code[4:]}", pairing

    async def redeem(self, code: str, origin: str) -> RelayEntry | None:
        """The relay that a code stands for, bound to the origin that brings it; None when it is none (any more), or not for it."""
        key = _code_key(code.upper().replace("-", "").replace(" ", ""))
        kept = await self._codes.get(key)
        try:
            pairing: PairingEntry | None = decode(PairingEntry, kept.value) if kept and kept.value else None
        except Undecodable:
            return None
        if kept is None or pairing is None or pairing.used or pairing.valid_until <= now():
            return None
        if pairing.relay.origins and origin not in pairing.relay.origins:
            return None
        try:
            await self._codes.update(key, encode(replace(pairing, used=True)), kept.revision)
        except Taken:
            return None
        return replace(pairing.relay, origins=(origin,))


def _key(token: str, sn: str) -> str:
    return f"{sn}.{token_digest(token)}"


def _code_key(code: str) -> str:
    return f"pair.{hashlib.sha256(code.encode()).hexdigest()}"


def _entry(kept: Kept | None) -> RelayEntry | None:
    if kept is None or not kept.value:
        return None
    try:
        entry: RelayEntry = decode(RelayEntry, kept.value)
    except Undecodable:
        return None
    return entry
