"""What is left of another region when it is no more linked with this one."""

from pathlib import Path

from nats.js.errors import NotFoundError

from libs.contracts.streams import link_streams, outbox
from libs.runtime.bus import Bus


class StillWaiting(Exception):
    """Something was accepted for the region and is not known to be there; the sentence says how much."""


async def forget(bus: Bus, region: str, *, lose: bool) -> int | None:
    """Delete its outbox and the copy of its directory; how many submissions were lost by it, None: there was nothing of it.

    Raises `StillWaiting` for an outbox that is not empty, unless these may be lost.
    """
    there = [name for name in (spec.name for spec in link_streams([region])) if await _messages(bus, name) is not None]
    waiting = await _messages(bus, outbox(region)) or 0
    if waiting and not lose:
        raise StillWaiting(
            f"{waiting} submissions for {region} are not known to be there: link it again and wait until "
            "gateway_outbox_messages is 0, or say --lose."
        )
    for name in there:
        await bus.js.delete_stream(name)
    return waiting if there else None


def forget_files(data: Path, region: str) -> None:
    """Delete the keys that it told, which gateways keep in the data folder; blocking."""
    for path in (data / "links").glob(f"{region}.*"):
        path.unlink(missing_ok=True)


async def _messages(bus: Bus, stream: str) -> int | None:
    try:
        return int((await bus.js.stream_info(stream)).state.messages)
    except NotFoundError:
        return None
