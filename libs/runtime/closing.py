"""The end of a connection with NATS, whatever its line does meanwhile."""

from nats.aio.client import Client


async def arrived(client: Client) -> None:
    """Wait until the server has everything that was said before. Raises NATS's errors.

    The client's ping overtakes what is still in its own buffer, so that only a second one comes behind it.
    """
    await client.flush()
    await client.flush()


async def closed(client: Client) -> None:
    """Close it; what could not be said any more is given up.

    The client leaves its own `close` where the line breaks under its last bytes, and believes from then on that it is closed.
    """
    try:
        await client.close()
    except OSError:  # it has given up those bytes: the second time it comes to the end
        client._status = Client.DISCONNECTED  # noqa: SLF001 - else it does nothing
        await client.close()
