"""A clinic and its rival, for the tests of what Graph's door asks of the registry."""

from dataclasses import dataclass

from libs.contracts.devices import Capabilities, Device
from libs.contracts.directory import ClientKind, device_key
from libs.contracts.fleet import AddPrinterShare, GetPrinter, ListPrinters, Profile, RegisterPrinter
from libs.contracts.ids import device_id, guid
from libs.contracts.reports import DevicesReported
from libs.runtime.authority import Authority
from libs.runtime.settings import read
from services.registry import enrol, handlers
from services.registry.presence import Presence
from services.registry.registry import Registry
from services.registry.settings import RegistrySettings

WARD, DESK, RIVAL = "wardWARD", "deskDESK", "rivalRIV"
APP, OTHER = "11111111-aaaa-4bbb-8ccc-222222222222", "33333333-aaaa-4bbb-8ccc-444444444444"


class Herald:
    """Counts how often it is woken."""

    def __init__(self):
        self.woken = 0

    def wake(self):
        self.woken += 1


@dataclass
class Fleet:
    """Asks a registry as a door does, for the tenant `clinic` unless told otherwise."""

    registry: Registry
    tenant: str = "clinic"

    async def __call__(self, question, **said):
        asked = question(**{"region": "local", "tenant": self.tenant, **said})
        return await handlers.QUESTIONS[question](self.registry, asked)

    def of(self, tenant):
        return Fleet(self.registry, tenant)

    async def report(self, sn, *names):
        devices = tuple(Device(id=device_id(sn, name), name=name, capabilities=Capabilities(max_copies=9)) for name in names)
        known = await self.registry.store.client(sn)
        said = DevicesReported(region="local", tenant=known.tenant, agent=sn, devices=devices)
        await handlers.devices_reported(self.registry, said, 1)

    async def register(self, name="Follow me", app=APP, **said):
        """The operation of a registration without a device."""
        profile = Profile(display=name, manufacturer="Contoso", model="Cloud", **said.pop("profile", {}))
        asked = {"app": app, "user": "anna@clinic.example", "profile": profile, "physical": False, **said}
        return (await self(RegisterPrinter, **asked)).operation

    async def printer(self, printer):
        return (await self(GetPrinter, printer=printer)).printer

    async def names(self, **said):
        return [each.profile.display for each in (await self(ListPrinters, **said)).printers]

    async def offer(self, printer, name="For all", **said):
        return (await self(AddPrinterShare, printer=printer, name=name, **said)).share

    async def entry(self, printer):
        """What the directory says of a printer of this view."""
        return await self.registry.store.entry(device_key(printer.agent, printer.device.id))

    async def audited(self):
        return [(row.who, row.action) for row in await self.registry.store.audited(0, self.tenant)]


def at(sn, name):
    """A printer's GUID."""
    return guid("printer", sn, device_id(sn, name))


async def make_fleet(database_url, tmp_path, stack):
    """A clinic with two agents that have a printer `Office` each and one of their own, and a rival tenant with one."""
    settings = read(RegistrySettings, data_dir=tmp_path, database_url=database_url)
    store = await stack.enter_async_context(enrol.open_store(settings))
    made = Fleet(Registry(store, Presence(6), Herald(), authority=Authority(settings.keys_dir)))
    for tenant in ("clinic", "rival"):
        await enrol.add_tenant(store, tenant)
    for sn, tenant in ((WARD, "clinic"), (DESK, "clinic"), (RIVAL, "rival")):
        await enrol.add_client(store, tenant, ClientKind.AGENT, sn=sn, name=f"agent {sn}")
        await made.report(sn, "Office", f"Only {sn}")
    return made
