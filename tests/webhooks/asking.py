"""Questions to a running dispatcher, as a client asks them through its gateway."""

from libs.contracts.endpoints import AddEndpoint, ListDeliveries, ListEndpoints, ReplayDeliveries, TryEndpoint, UpdateEndpoint
from tests.webhooks.events import SN

#: Receivers of tests are on loopback: an administrator has allowed it.
ALLOWED = ["127.0.0.1/32"]


class Client:
    """One client of a tenant, asking through the gateway's connection."""

    def __init__(self, bus, sn=SN, tenant="main"):
        self._bus = bus
        self.who = {"region": "local", "tenant": tenant, "sn": sn}

    async def ask(self, kind, **fields):
        return await self._bus.ask(kind(**self.who, **fields), timeout=10)

    async def add(self, url, **fields):
        """(the id of a new endpoint, its secret)."""
        answer = await self.ask(AddEndpoint, url=url, **fields)
        return answer.endpoint.id, answer.secret

    async def endpoints(self):
        return (await self.ask(ListEndpoints)).endpoints

    async def change(self, endpoint, **fields):
        return (await self.ask(UpdateEndpoint, endpoint=endpoint, **fields)).endpoint

    async def log(self, endpoint, **fields):
        return (await self.ask(ListDeliveries, endpoint=endpoint, **fields)).deliveries

    async def states(self, endpoint):
        """What became of each event, oldest first."""
        return [(each.id, str(each.state), each.attempts) for each in reversed(await self.log(endpoint, limit=100))]

    async def replay(self, endpoint, **fields):
        return (await self.ask(ReplayDeliveries, endpoint=endpoint, **fields)).count

    async def test(self, endpoint):
        return (await self.ask(TryEndpoint, endpoint=endpoint)).delivery
