"""A real bus for the tests: a nats-server of its own with keys, streams and consumers, and connections that end with it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from libs.contracts.permissions import Permissions, agent_permissions
from libs.runtime import admin
from libs.runtime.bus import Bus, connect
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.natsserver import NatsServer


@dataclass
class Rig:
    """The bus of one test. `data_dir` is what the setting DATA_DIR is given: its `keys` are those of this bus."""

    data_dir: Path
    region: str
    keys: Keys
    server: NatsServer
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def url(self) -> str:
        return self.server.url

    async def connect(self, user: str) -> Bus:
        """A connection as one of the services, as `admin`, or as an agent that was enrolled; closed with the rig."""
        bus = await connect(self.url, user, self.keys.path(f"{user}.creds"))
        self._open.push_async_callback(bus.close)
        return bus

    def issue(self, user: str, permissions: Permissions | None) -> Path:
        """Credentials for one more user."""
        return self.keys.issue(user, permissions)

    def issue_agent(self, agent: str, tenant: str = "main", shard: int = 0) -> Path:
        """Credentials for an agent; its consumer is made by the registry or by `admin.ensure_consumer`."""
        return self.keys.issue(agent, agent_permissions(self.region, shard, tenant, agent))


@asynccontextmanager
async def running_bus(folder: Path, region: str = "local") -> AsyncIterator[Rig]:
    """`async with running_bus(tmp_path) as rig:` keys in `folder/keys`, a running server, provisioned streams."""
    keys = Keys(folder / "keys")
    keys.make(region)
    server = NatsServer(keys, folder / "nats")
    rig = Rig(folder, region, keys, server)
    await server.start()
    try:
        await admin.provision(await rig.connect(ADMIN), region)
        yield rig
    finally:
        await rig._open.aclose()
        await server.stop()
