"""What every door works with, and the one way in which a door hands tasks over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from libs.contracts.documents import INLINE_LIMIT, Inline, Role, Stored
from libs.contracts.intake import SubmitTasks
from libs.contracts.tasks import TaskRequest
from libs.runtime.bucket import Bucket
from libs.runtime.bus import STORE_FULL, Bus, NotStored, outgoing
from libs.runtime.crashpoint import crashpoint
from libs.runtime.documents import Documents
from libs.runtime.room import Room
from libs.runtime.seal import Sealer
from services.gateway.directory import Directory
from services.gateway.domain import Identity
from services.gateway.handover import Handover, Submission
from services.gateway.ids import TaskIds
from services.gateway.receipts import Receipts
from services.gateway.virtual_urls import VirtualUrls


@dataclass(frozen=True, slots=True)
class Gateway:
    """The adapters of the gateway. `from_os` is the system that it runs on, in Webprinter's words.

    `max_body` is the largest request in bytes, `max_document` the largest document of an upload session, `max_piece` what may come
    of it in one request; `extended`: answers tell everything, whether asked for or not; `far`: for another
    region than the one in which it runs.
    """

    region: str
    bus: Bus
    directory: Directory
    documents: Documents
    sealer: Sealer
    ids: TaskIds
    reservations: Bucket
    virtual_urls: VirtualUrls
    receipts: Receipts
    handover: Handover
    room: Room
    zone: tzinfo
    from_os: str
    max_body: int = 64 * 1024 * 1024
    extended: bool = False
    max_document: int = 1024 * 1024 * 1024
    max_piece: int = 60 * 1024 * 1024
    far: bool = False

    async def content(self, identity: Identity, task: str, data: bytes, role: str = Role.SOURCE) -> Inline | Stored:
        """A document's bytes where they belong: small ones in the message, others in the store. Raises the bus's `NotStored`."""
        self.check_room()
        if len(data) <= INLINE_LIMIT:
            return Inline(data)
        name = f"{identity.tenant}/{task}/{role}"
        size, digest = await self.documents.put(name, data)
        crashpoint("gateway-after-document")
        return Stored(name, size, digest)

    async def submit(self, identity: Identity, source: str, tasks: tuple[TaskRequest, ...]) -> None:
        """Hand tasks over; they are durable when this returns. Raises the bus's `NotStored` and `Unanswered`."""
        await self.submit_all([(tuple(each.id for each in tasks), outgoing(self.submission(identity, source, tasks)))])

    async def submit_all(self, submissions: Sequence[Submission]) -> None:
        """Hand many submissions (the ids of their tasks beside each) over, all or none, in their order. Raises as `submit`."""
        self.check_room()
        await self.handover.hand(submissions)

    def check_room(self) -> None:
        """What was accepted needs the rest of the disk to come to its end."""
        if self.room.short:
            raise NotStored("the disk of the bus is nearly full", STORE_FULL)

    def submission(self, identity: Identity, source: str, tasks: tuple[TaskRequest, ...]) -> SubmitTasks:
        """The message that hands these tasks over; `source` is what lists show as `from`."""
        return SubmitTasks(
            region=self.region,
            tenant=identity.tenant,
            sn=identity.sn,
            submission=tasks[0].id,
            source=source,
            from_os=self.from_os,
            tasks=tasks,
        )
