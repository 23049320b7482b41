"""The doors to one other region: the same as those of this one, over its directory, with its keys, into its intake."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from joserfc.jwk import RSAKey
from prometheus_client import CollectorRegistry

from libs.contracts.directory import Entry
from libs.contracts.documents import Inline, Role, Stored
from libs.contracts.message import decode
from libs.contracts.metrics import OUTBOX_MESSAGES, REGION_REACHED
from libs.contracts.streams import far_directory
from libs.runtime.credentials import write_secret
from libs.runtime.issuing import told_keys
from libs.runtime.links import Link
from libs.runtime.metrics import rows
from libs.runtime.mirror import Mirror
from libs.runtime.seal import Sealer
from libs.runtime.service import Service
from services.gateway.directory import Directory
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.receipts import Receipts
from services.gateway.regions.content import FarContent, FarStore, NoStore
from services.gateway.regions.front import Known
from services.gateway.regions.outbox import Outbox
from services.gateway.regions.reach import FarBus
from services.gateway.settings import GatewaySettings
from services.gateway.virtual_urls import VirtualUrls

#: What is known of a region stays good while it is away: it cannot be asked, and its clients shall go on printing.
FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class FarGateway(Gateway):
    """A gateway of another region."""

    store: FarContent | None = None

    async def content(self, identity: Identity, task: str, data: bytes, role: str = Role.SOURCE) -> Inline | Stored:
        """As `Gateway.content`, where that region finds it."""
        self.check_room()
        return await self.store.keep(f"{identity.tenant}/{task}/{role}", data) if self.store else Inline(data)


@dataclass(frozen=True, slots=True)
class Far:
    """One other region as this gateway serves it; `signers` are the keys with which it signs access tokens itself."""

    known: Known
    gateway: Gateway
    settings: GatewaySettings
    outbox: Outbox
    bus: FarBus
    signers: tuple[RSAKey, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether it answers questions."""
        return not self.bus.down


def far(link: Link, own: Gateway, settings: GatewaySettings, service: Service) -> Far:
    """The doors to the region that made a link file; its loops run with `service`."""
    region = link.region
    mirror = Mirror(own.bus, far_directory(region).name, partial(decode, Entry), blind_after=FOR_EVER)
    bus = FarBus(own.bus, region, lambda: mirror.heard)
    directory = Directory(bus, mirror, region)
    receipts = Receipts(bus, region, CollectorRegistry())  # what it counts is counted by its name, of which there is one
    outbox = Outbox(bus, region, receipts)
    places = settings.region_documents
    documents = FarStore(places[region], settings.data_dir) if region in places else None
    gateway = FarGateway(
        **{
            **{name: getattr(own, name) for name in Gateway.__dataclass_fields__},
            "region": region,
            "bus": bus,
            "directory": directory,
            "documents": documents or NoStore(region),
            "sealer": Sealer(_kept(settings, region, "seal", link.seal)),
            "virtual_urls": VirtualUrls(_kept(settings, region, "uploads", link.uploads)),
            "receipts": receipts,
            "handover": outbox,
            "far": True,
        },
        store=FarContent(region, documents),
    )
    service.loop(f"directory of {region}", mirror.follow)
    service.loop(f"reach of {region}", bus.follow)
    service.loop(f"receipts of {region}", receipts.confirm)
    service.loop(f"outbox of {region}", outbox.follow)
    known = Known(region, mirror, directory)
    return Far(known, gateway, settings.model_copy(update={"region": region}), outbox, bus, told_keys(link.issuer))


def _kept(settings: GatewaySettings, region: str, name: str, told: str) -> Path:
    """A key that another region told, as a file of our own."""
    folder = settings.data_dir / "links"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{region}.{name}"
    write_secret(path, base64.b64decode(told))
    return path


def tell(regions: Sequence[Far], service: Service) -> None:
    """What dashboards show of other regions."""
    rows(OUTBOX_MESSAGES, service.metrics, lambda: {(each.known.region,): float(each.outbox.waiting) for each in regions})
    rows(REGION_REACHED, service.metrics, lambda: {(each.known.region,): float(each.reached) for each in regions})
