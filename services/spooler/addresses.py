"""Addresses under which an agent fetches the document of its open order, valid for ten minutes."""

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.agents import AddressDocument, DocumentAddress
from libs.contracts.documents import Stored
from libs.contracts.queries import Code
from libs.runtime.addresses import LIFETIME, Addresses
from libs.runtime.bus import Refused
from libs.runtime.documents import Documents
from services.spooler import materials, store
from services.spooler.task import Step


class DocumentAddresses:
    """The store's own signed address, or the gateway's when the store is a folder."""

    def __init__(self, documents: Documents, signer: Addresses, public_url: str) -> None:
        self._documents = documents
        self._signer = signer
        self._public_url = public_url.rstrip("/")

    async def address(self, connection: AsyncConnection, query: AddressDocument) -> DocumentAddress:
        """Raises `Refused` unless this agent holds that very attempt."""
        task = (await store.load(connection, [query.task])).get(query.task)
        if task is None or (task.tenant, task.agent, task.step, task.attempt) != (
            query.tenant,
            query.agent,
            Step.PRINT,
            query.attempt,
        ):
            raise Refused(Code.FORBIDDEN, "The agent does not hold this order.")
        content = (await materials.converted_of(connection, [task.id]))[task.id].document.content
        if not isinstance(content, Stored):
            raise Refused(Code.BAD_REQUEST, "The document is inside the order.")
        if self._documents.signs:
            return DocumentAddress(url=await self._documents.address(content.name, LIFETIME))
        return DocumentAddress(url=f"{self._public_url}/documents/{self._signer.token(content.name, time.time())}")
