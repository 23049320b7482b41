"""The Secret of the bus's servers: whom they believe, where the others are, other regions, and their certificates."""

import json
from collections.abc import Sequence
from pathlib import Path

from deploy.overlay import Overlay
from libs.runtime.authority import CERTIFICATE, Authority
from libs.runtime.keys import Keys
from libs.runtime.links import LEAF as LINK
from libs.runtime.links import Link, Links
from libs.runtime.natsserver import LEAF as SERVER
from libs.runtime.natsserver import PINGED
from libs.runtime.peers import LEAF as ROUTES
from libs.runtime.peers import Peers, split

#: Where a server finds its Secret, and where it keeps the accounts that it is told of.
PLACE, ACCOUNTS = "/etc/nats/secret", Path("/data/accounts")
#: Where a server listens for other regions, whatever the port of its address outside is.
LINKS_PORT = 7422


def certify(keys: Keys, overlay: Overlay) -> None:
    """Make the certificates of servers, routes and links that are missing; blocking.

    Twice: a name that the authority did not vouch for so far makes its certificate anew, and the others' with it.
    """
    authority = Authority(keys.path(""))
    for _ in range(2):
        authority.leaf([*_hosts(overlay.servers), *overlay.outside], SERVER)
        Peers(keys, overlay.servers).certify()
        if overlay.links:
            authority.leaf(_hosts(overlay.links), LINK)


def contents(keys: Keys, overlay: Overlay, others: Sequence[Link]) -> dict[str, bytes]:
    """Its files, after `certify`; blocking."""
    addresses = tuple(f"{host}:{LINKS_PORT}" for host in _hosts(overlay.links))
    told = "\n".join(Links(keys, overlay.region, addresses, tuple(others)).told())
    cluster = f"printbus-{overlay.region}" if told else "printbus"  # clusters of one name do not let each other in
    joined = "\n".join([told.replace(f"{keys.path('')}/", f"{PLACE}/"), *PINGED])
    parts = {
        "auth.conf": keys.server_auth(ACCOUNTS),
        "routes.conf": "\n".join([f"name: {cluster}", *Peers(keys, overlay.servers).known()]),
        "links.conf": joined if told else "# no other region",
    }
    leaves = (SERVER, ROUTES, *([LINK] if addresses else []))
    files = [CERTIFICATE, *(f"{leaf}.{half}" for leaf in leaves for half in ("pem", "key"))]
    shown = [f"to-{link.region}.{what}" for link in others for what in ("creds", "pem")]
    files += [name for name in shown if json.dumps(str(keys.path(name))) in told]
    return {name: f"{text}\n".encode() for name, text in parts.items()} | {name: keys.path(name).read_bytes() for name in files}


def _hosts(servers: Sequence[str]) -> list[str]:
    return [split(each)[0].strip("[]") for each in servers]
