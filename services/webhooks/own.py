"""The endpoint that the settings describe: one address for this server's own client."""

import asyncio

import structlog

from libs.runtime.service import Service
from services.webhooks.clock import now_ms
from services.webhooks.domain import Endpoint
from services.webhooks.endpoints import Endpoints
from services.webhooks.settings import WebhooksSettings

log = structlog.get_logger()

ID = "callback"
DIALECT = "webprinter"
NAME = "PRINTBUS_CALLBACK_URL"


class OwnEndpoint:
    """Brings the database in line with the settings; until then no event is read, so that none is missed."""

    def __init__(self, settings: WebhooksSettings, endpoints: Endpoints) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self.problem = "the callback address is not in the database yet"
        self._settled = asyncio.Event()

    async def settled(self) -> None:
        """Wait until it is done, or the service stops."""
        await self._settled.wait()

    async def settle(self, service: Service) -> None:
        """Add, change or remove it; a body for `Service.loop`."""
        await self._settle(service)
        self._settled.set()

    async def _settle(self, service: Service) -> None:
        """The serial number is waited for: another part of the server may still be making it."""
        if not self._settings.callback_url:
            await self._endpoints.remove(ID, now_ms())
            self.problem = ""
            return
        while not (sn := self._settings.own_sn):
            if service.stopping:
                return
            self.problem = "it does not know its serial number: set PRINTBUS_SN, or wait for the file sn in the data folder"
            await asyncio.sleep(0.1)
        secret = self._settings.callback_secret.get_secret_value()
        now = now_ms()
        here = Endpoint(
            ID,
            sn,
            self._settings.callback_url,
            DIALECT,
            secret,
            tenant=self._settings.tenant,
            name=NAME,
            trusted=True,
            created_at=now,
            changed_at=now,
        )
        await self._endpoints.put(here)
        self.problem = ""
        log.info("callback address set", sn=sn)
