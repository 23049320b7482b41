"""Telling a running server who is let in: the account's claims, signed by the operator, given to it by its system account."""

import json

from nats.aio.client import Client
from nats.errors import Error as NatsError

from libs.runtime.keys import SYSTEM, Keys
from libs.runtime.trust import bus_options, bus_servers


class NotTold(Exception):
    """The server does not have the claims; the sentence says why."""


async def tell_claims(url: str, keys: Keys) -> None:
    """Give a server the account's claims as they are now: whoever is revoked is put out at once, and nobody else notices.

    Raises `NotTold`, and `OSError` where the folder has no operator's key.
    """
    claims, credentials = keys.account_claims(), keys.path(f"{SYSTEM}.creds")
    client = Client()
    try:
        await client.connect(
            bus_servers(url),
            user_credentials=str(credentials),
            allow_reconnect=False,
            max_reconnect_attempts=2,  # also of the first connection, which is tried for two minutes otherwise
            reconnect_time_wait=0.25,  # type: ignore[arg-type]
            **bus_options(url, credentials),
        )
        answer = json.loads((await client.request("$SYS.REQ.CLAIMS.UPDATE", claims.encode(), timeout=5)).data)
    except (NatsError, OSError, TimeoutError, ValueError) as error:
        raise NotTold(f"no server at {url} takes the account's claims: {str(error) or type(error).__name__}") from error
    finally:
        await client.close()
    if "error" in answer:
        raise NotTold(f"the server at {url} does not take the account's claims: {answer['error'].get('description', '')}")
