"""Services that are replaced while a client goes on: when one is well again, and what goes in meanwhile."""

import asyncio

import httpx

from tests.faults.rig.load import Client
from tests.waiting import until


async def ready(url: str) -> None:
    """Wait until a service says at its address that it is well."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:

        async def said() -> bool:
            try:
                return (await http.get(f"{url}/readyz")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        await until(said, 90, f"{url} is ready", every=0.1)


async def trickle(sender: Client, stop: asyncio.Event, every: float = 0.05) -> int:
    """One task after another, for as long as services go and come, with so many seconds between two; how many."""
    count = 0
    while not stop.is_set():
        await sender.submit("Other", f"number {count}")
        count += 1
        await asyncio.sleep(every)  # the rate at which tasks come
    return count
