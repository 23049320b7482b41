"""The oldest nats-server that Printbus relies on, and the sentence about one that is older."""

import re

import structlog
from nats.aio.client import Client

log = structlog.get_logger()

#: What has atomic batches of messages with ids, resets consumers, and can be told that their number has no limit.
OLDEST = (2, 15, 1)


def too_old(server: str, version: str) -> str:
    """One sentence about `server` (a name or a place) if its version is older than `OLDEST`; empty: it is not, or says none.

    A pre-release counts as the release that it comes before.
    """
    told = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    if told is None or tuple(map(int, told.groups())) >= OLDEST:
        return ""
    wanted = ".".join(map(str, OLDEST))
    return f"{server} is nats-server {version.removeprefix('v')}, which is too old: Printbus relies on {wanted} or newer"


def age(client: Client) -> str:
    """One sentence if the server that a client is connected to is too old."""
    told = client._server_info  # noqa: SLF001 - what the server says of itself is shown nowhere
    return too_old(str(told.get("server_name") or "the bus"), str(told.get("version", "")))


def tell_age(client: Client, user: str) -> None:
    """Log it where a client got to a server that is too old: what it refuses shows only later, and looks like something else."""
    if says := age(client):
        log.warning("bus is too old", user=user, problem=says)
