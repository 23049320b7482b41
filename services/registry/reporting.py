"""What agents say of their devices becomes what the registry knows of them."""

import structlog

from libs.contracts.devices import Device
from libs.contracts.directory import DefaultEntry
from libs.contracts.events import DeviceChanged
from libs.contracts.reports import DevicesReported
from libs.runtime.crashpoint import crashpoint
from services.registry import domain
from services.registry.change import Change, now
from services.registry.registry import Registry

log = structlog.get_logger()


async def devices_reported(registry: Registry, report: DevicesReported, stored_at: int) -> None:
    """All devices of an agent; `stored_at` is when the stream stored the report, in ms since 1970."""
    devices = domain.trustworthy(report.agent, report.devices, registry.store.roaming)
    if len(devices) < len(report.devices):
        log.warning("devices with a wrong id or name left out", agent=report.agent, count=len(report.devices) - len(devices))
    async with registry.store.change() as change:
        client = await change.client(report.agent)
        if client is None or client.tenant != report.tenant:
            log.warning("report of an unknown agent left out", agent=report.agent, tenant=report.tenant)
            return
        if domain.overtaken(stored_at, client.reported_at):
            log.info("report overtaken by a newer one", agent=report.agent)
            return
        changes = await _save(change, report, devices)
        await change.reported(report.agent, stored_at)
        await _choose_default(change, report.agent, devices)
    crashpoint("registry-after-devices")
    registry.herald.wake()
    if changes:
        log.info("devices changed", agent=report.agent, changes={one.known.device.id: one.what for one in changes})


async def _save(change: Change, report: DevicesReported, devices: tuple[Device, ...]) -> tuple[domain.Change, ...]:
    known = await change.devices(report.agent)
    changes = domain.compare(known, devices)
    await change.save_devices(report.tenant, report.agent, [one.known for one in changes], known)
    at = report.at or now()
    await change.announce(
        DeviceChanged(
            region=report.region,
            tenant=report.tenant,
            agent=report.agent,
            device=one.known.device,
            what=what,
            revision=one.known.revision,
            at=at,
        )
        for one in changes
        for what in one.what
    )
    return changes


async def _choose_default(change: Change, agent: str, devices: tuple[Device, ...]) -> None:
    first = domain.first_default(devices)
    if first and await change.default(agent, first.type.value) is None:
        await change.set_default(DefaultEntry(sn=agent, type=first.type.value, agent=agent, device=first.id))
