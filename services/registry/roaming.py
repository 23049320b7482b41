"""The virtual printer of every client, "print first, collect later": it is there without any agent, and nothing else uses it."""

from sqlalchemy import select

from libs.contracts.devices import Capabilities, Device
from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.ids import device_id
from libs.contracts.tickets import Collate, ColorMode, Orientation, Quality, Sides
from services.registry.change import Change
from services.registry.domain import Known
from services.registry.tables import clients, devices

#: Which printer it will be is not known yet: nothing is ruled out.
CAPABILITIES = Capabilities(
    formats=("application/pdf",),
    colors=(ColorMode.MONOCHROME, ColorMode.COLOR),
    max_copies=9999,
    orientations=tuple(Orientation),
    collates=tuple(Collate),
    qualities=tuple(Quality),
    sides=tuple(Sides),
)


def printer(sn: str, name: str) -> Device:
    """The virtual printer of a client."""
    return Device(id=device_id(sn, name), name=name, capabilities=CAPABILITIES, virtual=True)


async def give(change: Change, client: ClientEntry) -> None:
    """See to it that a client has its virtual printer, and none of a name from before."""
    wanted = printer(client.sn, change.roaming) if change.roaming else None
    known = await change.devices(client.sn)
    for key, one in known.items():
        if one.device.virtual and not one.gone and (wanted is None or key != wanted.id):
            await _save(change, client, Known(one.device, one.revision + 1, gone=True), new=False)
    if wanted is None:
        return
    before = known.get(wanted.id)
    if before is None:
        await _save(change, client, Known(wanted, 1), new=True)
    elif before.gone or before.device != wanted:
        await _save(change, client, Known(wanted, before.revision + 1), new=False)


async def give_all(change: Change) -> None:
    """The same for every client that lacks it, as at every start: the setting may be another one now."""
    has = select(devices.c.agent).where(devices.c.virtual.is_(True), devices.c.gone.is_(False))
    right = has.where(devices.c.name == change.roaming)
    wrong = has.where(devices.c.name != change.roaming)
    wanted = select(clients).where(clients.c.sn.in_(wrong) | clients.c.sn.not_in(right))
    if not change.roaming:
        wanted = select(clients).where(clients.c.sn.in_(has))
    for row in (await change.connection.execute(wanted)).all():
        await give(change, ClientEntry(sn=row.sn, tenant=row.tenant, role=ClientKind(row.role)))


async def _save(change: Change, client: ClientEntry, known: Known, *, new: bool) -> None:
    await change.save_devices(client.tenant, client.sn, [known], () if new else (known.device.id,))
