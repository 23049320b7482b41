"""`getInfo` and `ping`: what this server is, and what may be done here (extensions, webprinter.md 3.4)."""

import time
from collections.abc import Iterable
from typing import Any

from libs.contracts.directory import ClientEntry, Scope, client_key
from libs.contracts.documents import Format
from libs.contracts.version import VERSION
from libs.runtime.machine import ipv4_addresses
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.tasks import MAX_ROWS
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.ticket import MAX_COPIES


async def ping(_gateway: Gateway, _identity: Identity, _data: Fields) -> dict[str, Any]:
    """Somebody is there; the server's time in ms since 1970."""
    return {"time": time.time_ns() // 1_000_000}


async def get_info(gateway: Gateway, identity: Identity, commands: Iterable[str]) -> dict[str, Any]:
    """The server and the client that it speaks for; `commands` are those that the token may give."""
    (client,) = await gateway.directory.get(client_key(identity.sn))
    return {
        "version": VERSION,
        "sn": identity.sn,
        "name": client.name if isinstance(client, ClientEntry) else "",
        "tenant": identity.tenant,
        "role": str(identity.role),
        "ips": list(ipv4_addresses()),
        "timeZone": str(gateway.zone),
        "regions": [gateway.region],
        "limits": {"maxBody": gateway.max_body, "maxRows": MAX_ROWS, "maxCopies": MAX_COPIES},
        "formats": list(Format),
        "scopes": list(identity.scopes or Scope),
        "commands": list(commands),
    }
