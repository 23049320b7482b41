"""The built-in issuer's routes over a directory in memory, and an HTTP client that blocks, as MSAL wants one."""

import asyncio
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from libs.contracts.ids import tenant_guid, token_digest
from libs.contracts.queries import Entries, LookUp
from libs.runtime.issuing import FILE, Issuer
from libs.runtime.settings import read
from services.gateway.issuer.routes import issuer_routes
from services.gateway.pace import Pace
from services.gateway.settings import GatewaySettings
from tests.gateway.fakes import FakeBucket
from tests.gateway.oidc.issuing import RSA, Rig, Web, app, token_entry

BASE = "http://127.0.0.1:39899"
SECRET = "canary-secret-91f3"
SN = "ERPerp01"
ROLES = ("Printer.Read.All", "PrintJob.ReadWrite.All", "PrintJob.Manage.All", "PrintTaskDefinition.ReadWrite.All")
TENANT = tenant_guid("main")


@cache
def a_key():
    """The file of an issuer; to make a key takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        Issuer(Path(folder)).make()
        return (Path(folder) / FILE).read_bytes()


class Server:
    """The issuer's routes over a directory in memory, and the door's own eyes on what it gives out."""

    def __init__(self, folder, elsewhere=(), **settings):
        self.settings = read(GatewaySettings, data_dir=folder, **settings)
        self.issuer = Issuer(self.settings.keys_dir)
        self.settings.keys_dir.mkdir()
        (self.settings.keys_dir / FILE).write_bytes(a_key())
        self.caller = "192.0.2.1"
        self.rig = Rig(Web(RSA), issuer=self.issuer)
        self.rig.bus.answers[LookUp] = Entries(entries=())
        self.put(app(app_id="", roles=ROLES), token_entry(token_digest(SECRET)))
        self.reservations = FakeBucket()
        self.app = Starlette(routes=issuer_routes(self, self.settings, Pace("addresses", CollectorRegistry()), elsewhere))

    @property
    def directory(self):
        return self.rig.directory

    def put(self, *entries):
        for entry in entries:
            self.rig.mirror.put(entry)

    def remove(self, key):
        self.rig.mirror.values.pop(key)
        self.rig.mirror.on_change(key, None)

    async def ask(self, method, path, base=BASE, **more):
        transport = httpx.ASGITransport(self.app, client=(self.caller, 1))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, **more)

    async def token(self, path="/oauth2/v2.0/token", *, status=200, **form):
        """The answer to the form, which has what is usual unless something else is said; None leaves it out."""
        usual = {"grant_type": "client_credentials", "client_id": SN, "client_secret": SECRET, "scope": f"{BASE}/.default"}
        told = {name: value for name, value in {**usual, **form}.items() if value is not None}
        answer = await self.ask("POST", path, data=told)
        assert answer.status_code == status, answer.text
        assert SECRET not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    async def claims(self, **form):
        token = (await self.token(**form))["access_token"]
        return jwt.decode(token, KeySet.import_key_set(self.issuer.jwks()), ["RS256"]).claims


class Http:
    """What MSAL wants of an HTTP client: one that blocks."""

    def __init__(self, server):
        self._server = server

    def get(self, url, params=None, headers=None, **_more):
        return asyncio.run(self._server.ask("GET", url, params=params, headers=headers))

    def post(self, url, params=None, headers=None, data=None, **_more):
        headers = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        return asyncio.run(self._server.ask("POST", url, params=params, headers=headers, content=urlencode(data)))

    def close(self):
        pass
