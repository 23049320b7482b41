"""The tasks of a batch as messages of many tasks each, none of them larger than the bus takes."""

import asyncio

from libs.contracts.tasks import TaskRequest
from libs.runtime.bus import outgoing
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.handover import Submission

#: Tasks and bytes of one message.
TASKS = 20
BYTES = 512 * 1024
#: Bytes of a task beside its document, about; a document in a message is in base64.
AROUND = 1000


class Messages:
    """Made as the tasks come, so that what was read of them can be forgotten."""

    def __init__(self, gateway: Gateway, identity: Identity) -> None:
        self._gateway = gateway
        self._identity = identity
        self._made: list[Submission] = []
        self._group: list[TaskRequest] = []
        self._size = 0

    async def add(self, request: TaskRequest) -> None:
        """One more task, behind those before it."""
        size = AROUND + len(getattr(request.document.content, "data", b"")) * 4 // 3
        if self._group and (len(self._group) >= TASKS or self._size + size > BYTES):
            await self._close()
        self._group.append(request)
        self._size += size

    async def all(self) -> list[Submission]:
        """All messages, in the order of their tasks."""
        if self._group:
            await self._close()
        return self._made

    async def _close(self) -> None:
        tasks = tuple(self._group)
        message = self._gateway.submission(self._identity, self._identity.source, tasks)
        self._made.append((tuple(each.id for each in tasks), await asyncio.to_thread(outgoing, message)))
        self._group, self._size = [], 0
