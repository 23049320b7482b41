"""A site: an agent on a machine of its own (a `Cell`), whose lines to the bus and to the documents can each be spoiled."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from libs.contracts.streams import PRINT
from libs.runtime.bus import Bus, connect
from libs.runtime.keys import ADMIN, Keys
from tests.faults.rig.cell import Cell, cell
from tests.faults.rig.relay import Relay, relaying
from tests.integration.installation import ROOT, Installation, installation
from tests.integration.processes import Processes, processes
from tests.waiting import until


@dataclass
class Site:
    """Everything but the agent runs here; the agent runs in `cell` and has `line` to the bus, `web` to the documents."""

    server: Installation
    parts: Processes
    cell: Cell
    line: Relay
    web: Relay
    admin: Bus
    papers: dict[str, Path]
    environment: Mapping[str, str]

    async def waiting(self) -> tuple[int, int]:
        """How many orders wait for the agent in its consumer, and how many it has and has not acknowledged."""
        (consumer,) = [each for each in await self.admin.js.consumers_info(PRINT) if each.name.startswith("agent_")]
        return int(consumer.num_pending or 0), int(consumer.num_ack_pending or 0)

    def start_agent(self, **settings: str) -> None:
        """The agent, inside."""
        given = {"NATS_URL": f"nats://{self.cell.host}:{self.line.port}", "FINISH_GRACE": "0", **settings}
        argv = [sys.executable, "-m", "services.agent"]
        env = {**self.server.environment(**given), **self.environment}
        self.cell.start(argv, env, ROOT, self.server.folder / "agent.log")

    async def gone(self, within: float = 40.0) -> None:
        """Wait until the agent counts as gone."""

        async def none() -> bool:
            found = await self.server.call("listDevices", deviceType="printer")
            return not any(each["status"] for each in found if each["name"] in self.papers)

        await until(none, within, "the agent is noticed to be gone", every=0.2)

    def lost_lines(self) -> int:
        """How often the agent has noticed that its line to the bus was gone."""
        return (self.server.folder / "agent.log").read_text().count("bus disconnected")

    async def listed(self, within: float = 60.0) -> None:
        """Wait until all printers are listed as being there."""
        for name in self.papers:
            await self.server.device(name, within=within)


@asynccontextmanager
async def site(
    folder: Path,
    printers: int = 1,
    environment: Mapping[str, str] | None = None,
    resume: Mapping[str, str] | None = None,
    **settings: str,
) -> AsyncIterator[Site]:
    """A site with so many printers of the driver `file`, named P1, P2 …; skips the test where no cell can be built.

    `environment` is added to the agent's; `resume` says of printers what becomes of what waited while they were cut off.
    """
    papers = {f"P{number}": folder / f"P{number}" for number in range(1, printers + 1)}
    async with AsyncExitStack() as stack:
        inside = stack.enter_context(cell())
        policies = resume or {}
        addresses = [f"file://{paper}?name={name}&resume={policies.get(name, 'all')}" for name, paper in papers.items()]
        server = await stack.enter_async_context(installation(folder, addresses, CONVERTER_ENGINES='["text"]', **settings))
        parts = await stack.enter_async_context(processes(server))
        web = await stack.enter_async_context(relaying(urlsplit(server.url).port or 0, at=inside.host))
        line = await stack.enter_async_context(relaying(urlsplit(parts.url).port or 0, at=inside.host))
        for service in ("registry", "spooler", "converter", "gateway"):
            parts.start(service, PUBLIC_URL=f"http://{inside.host}:{web.port}")
        admin = await connect(parts.url, ADMIN, Keys(server.data / "keys").path(f"{ADMIN}.creds"))
        stack.push_async_callback(admin.close)
        made = Site(server, parts, inside, line, web, admin, papers, environment or {})
        made.start_agent()
        await server.ready(120)
        await made.listed()
        yield made
