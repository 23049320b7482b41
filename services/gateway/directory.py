"""The directory as the gateway reads it: from its own mirror, or from the registry while the mirror is blind."""

import asyncio

from libs.contracts.directory import ClientEntry, ClientKind, DeviceEntry, Entry, client_key
from libs.contracts.ids import guid
from libs.contracts.queries import Entries, LookUp
from libs.runtime.bus import Bus, Refused, Unanswered
from libs.runtime.mirror import Mirror
from services.gateway.latecomers import Latecomers

#: A change that the registry has answered for is in the mirror in a moment; longer (in seconds) nobody waits for it.
SETTLED_WITHIN = 1.0
_CLIENTS = client_key("")


def app_of(entry: ClientEntry) -> str:
    """What tokens call an application of ours (`appid`, `azp`)."""
    return entry.app_id or guid("application", entry.sn)


class Directory:
    """Entries by key."""

    def __init__(self, bus: Bus, mirror: Mirror, region: str) -> None:
        self._bus = bus
        self._mirror = mirror
        self._region = region
        self._changed = asyncio.Event()
        self._latecomers = Latecomers(self.settle_key)
        self._named: dict[tuple[str, str], set[str]] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._guids: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._applications: dict[tuple[str, str], str] = {}
        self._called: dict[str, tuple[str, str]] = {}
        self._everywhere: dict[str, set[str]] = {}
        mirror.on_change = self._change

    async def get(self, *keys: str) -> list[Entry | None]:
        """The entries of these keys, None for each that there is none of. Raises `Unanswered` when nobody knows."""
        if self._mirror.fresh:
            return [self._mirror.get(key) for key in keys]
        return await self.ask(*keys)

    async def find(self, *keys: str) -> list[Entry | None]:
        """As `get`; what the mirror lacks is asked of the registry first, as far as `Latecomers` may: it may be new.

        For whoever is about to refuse somebody by what comes of it. While the mirror is blind nothing that it has is believed, and
        what it never had is not asked for without a limit: strangers would do that. Raises `Unanswered`.
        """
        if not self._mirror.fresh:
            known = (self._latecomers.know(key, free=self._mirror.get(key) is not None) for key in keys)
            return list(await asyncio.gather(*known))
        found = [self._mirror.get(key) for key in keys]
        return [await self._latecomers.get(key) if entry is None else entry for key, entry in zip(keys, found, strict=True)]

    async def look_again(self, *keys: str) -> list[Entry | None]:
        """The same, also for what the mirror has and that does not do; None for what may not be asked now."""
        return [await self._latecomers.get(key) for key in keys]

    async def ask(self, *keys: str) -> list[Entry | None]:
        """The same from the registry itself, without a limit: what strangers send belongs to `find`."""
        try:
            answer: Entries = await self._bus.ask(LookUp(region=self._region, keys=keys))
        except Refused as refusal:  # it has a fault: to whoever asks that is as if it were not there
            raise Unanswered(f"the registry cannot look anything up: {refusal.message}") from refusal
        found = {entry.key: entry for entry in answer.entries}
        return [found.get(key) for key in keys]

    def named(self, tenant: str, name: str) -> list[DeviceEntry]:
        """The devices of this name at all agents of a tenant, as far as the mirror knows."""
        found = [self._mirror.get(key) for key in self._named.get((tenant, name), ())] if self._mirror.fresh else []
        return [entry for entry in found if isinstance(entry, DeviceEntry)]

    def application(self, tenant: str, app: str) -> ClientEntry | None:
        """The application that tokens call this (`appid`); None: none of ours. Raises `Unanswered` while the mirror is blind."""
        if not self._mirror.fresh:
            raise Unanswered("the directory is not loaded, or no tick of the registry comes")
        found = self._mirror.get(self._applications.get((tenant, app.lower()), ""))
        return found if isinstance(found, ClientEntry) else None

    def applications(self, app: str) -> list[ClientEntry]:
        """Those of all tenants that tokens call this. Raises `Unanswered` while the mirror is blind."""
        if not self._mirror.fresh:
            raise Unanswered("the directory is not loaded, or no tick of the registry comes")
        found = [self._mirror.get(key) for key in sorted(self._everywhere.get(app.lower(), ()))]
        return [entry for entry in found if isinstance(entry, ClientEntry)]

    def printer(self, tenant: str, printer: str) -> DeviceEntry | None:
        """The printer of a tenant with this GUID, as far as the mirror knows; None says nothing about whether there is one."""
        entry = self._mirror.get(self._guids.get(printer, "")) if self._mirror.fresh else None
        return entry if isinstance(entry, DeviceEntry) and entry.tenant == tenant else None

    async def settle_key(self, key: str) -> Entry | None:
        """Wait until the mirror has of this key what the registry has; what that is. Raises `Unanswered`."""
        (entry,) = await self.ask(key)
        if entry:
            await self.settle(entry)
        return entry

    async def settle(self, entry: Entry) -> None:
        """Wait until the mirror has this entry, at most a moment: who changes something sees it changed."""
        try:
            async with asyncio.timeout(SETTLED_WITHIN):
                while self._mirror.fresh and self._mirror.get(entry.key) != entry:
                    await self._changed.wait()
        except TimeoutError:
            return

    def _change(self, key: str, entry: object) -> None:
        if isinstance(entry, DeviceEntry):
            self._name(key, (entry.tenant, entry.device.name))
            if key not in self._keys:
                self._keys[key] = found = guid("printer", entry.agent, entry.device.id)
                self._guids[found] = key
        elif key in self._names:
            self._name(key, None)
            self._guids.pop(self._keys.pop(key, ""), None)
        if key.startswith(_CLIENTS):
            self._call(key, entry)
        self._changed.set()
        self._changed = asyncio.Event()

    def _call(self, key: str, entry: object) -> None:
        """Remember what tokens call this client."""
        if before := self._called.pop(key, None):
            if self._applications.get(before) == key:
                del self._applications[before]
            self._everywhere[before[1]].discard(key)
            if not self._everywhere[before[1]]:
                del self._everywhere[before[1]]
        if isinstance(entry, ClientEntry) and entry.role is ClientKind.APP:
            self._called[key] = (entry.tenant, app_of(entry).lower())
            self._applications[self._called[key]] = key
            self._everywhere.setdefault(self._called[key][1], set()).add(key)

    def _name(self, key: str, name: tuple[str, str] | None) -> None:
        before = self._names.pop(key, None)
        if before and before != name:
            self._named[before].discard(key)
            if not self._named[before]:
                del self._named[before]
        if name:
            self._names[key] = name
            self._named.setdefault(name, set()).add(key)
