"""What must be there before anything starts: keys and credentials, this server's serial number and token, streams."""

import secrets
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from libs.contracts.permissions import agent_permissions
from libs.contracts.streams import agent_consumer
from libs.runtime import admin, credentials
from libs.runtime.bus import Unanswered, connect
from libs.runtime.issuing import Issuer
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.links import BadLink, Links, linked
from libs.runtime.natsserver import Outside, configuration
from libs.runtime.peers import Peers, split
from libs.runtime.settings import SettingsError, read
from libs.runtime.versions import age
from services.embedded.mending import make_again
from services.gateway.settings import GatewaySettings
from services.registry.settings import RegistrySettings

log = structlog.get_logger()

SHARD = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """This installation's own client; `fresh`: its token was made just now."""

    sn: str
    token: str
    token_file: Path
    fresh: bool


def make_identity(settings: RegistrySettings) -> Identity:
    """The serial number and the token from the settings or the data folder, made at the first start."""
    folder = settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    sn = settings.own_sn or "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))
    token = settings.own_token
    fresh = not token
    token = token or secrets.token_urlsafe(32)
    _keep(folder / "sn", sn)
    _keep(folder / "token", token)
    return Identity(sn, token, (folder / "token").absolute(), fresh)


def _keep(path: Path, value: str) -> None:
    if not path.is_file() or path.read_text().strip() != value:
        credentials.write_secret(path, value + "\n")


def outside(settings: RegistrySettings, **given: object) -> Outside | None:
    """How agents outside reach the bus of this installation; None: not at all."""
    names = tuple(name.partition(":")[0] for name in read(GatewaySettings, **given).http_names)
    found = Outside(settings.nats_listen, settings.nats_tls_port, settings.nats_websocket_port, names)
    return found or None


def links(settings: RegistrySettings, keys: Keys) -> Links:
    """How this region is joined with others. Raises `SettingsError` for a file that is no link."""
    try:
        told = linked(settings.links)
    except BadLink as error:
        raise SettingsError(f"PRINTBUS_LINKS is wrong: {error}.") from None
    if any(link.region == settings.region for link in told):
        raise SettingsError(f"PRINTBUS_LINKS is wrong: one of the files is of this region itself, {settings.region}.")
    return Links(keys, settings.region, settings.link_addresses, told, settings.nats_listen)


def others(settings: RegistrySettings) -> tuple[str, ...]:
    """The names of the other regions. Raises `SettingsError`."""
    return tuple(link.region for link in links(settings, Keys(settings.keys_dir)).others)


def make_keys(settings: RegistrySettings, sn: str) -> Keys:
    """Operator, accounts, services, this server's own agent and the issuer of tokens, each with its file in `DATA_DIR/keys`."""
    keys = Keys(settings.keys_dir)
    keys.make(settings.region, others(settings))
    Issuer(settings.keys_dir).make()
    keys.issue(sn, agent_permissions(settings.region, SHARD, settings.tenant, sn))
    return keys


def make_configurations(settings: RegistrySettings, keys: Keys, folder: Path) -> list[Path]:
    """The configuration of the bus's server below `folder`, or of each server of its cluster in a folder of its own; blocking."""
    reached, joined = outside(settings), links(settings, keys)
    made = folder / "nats-server.conf"
    if not settings.nats_cluster:
        told = configuration(keys, folder, name="printbus", port=4222, outside=reached, links=joined)
        made.write_text(told)  # nothing in it is secret
        return [made]
    named = f"printbus-{settings.region}" if joined.others or joined.addresses else Peers.name
    peers = Peers(keys, settings.nats_cluster, named)
    found: list[Path] = []
    for number, server in enumerate(settings.nats_cluster):
        host, port = split(server)
        own = folder / str(number + 1)
        own.mkdir(parents=True, exist_ok=True)
        listening: dict[str, Any] = {"name": f"printbus-{number + 1}", "host": host.strip("[]"), "port": int(port)}
        told = configuration(keys, own, **listening, outside=reached, peers=peers, links=joined, number=number)
        credentials.write_secret(own / made.name, told)
        found.append(own / made.name)
    return found


async def make_streams(url: str, keys: Keys, settings: RegistrySettings, sn: str, *, again: bool = False) -> None:
    """Streams, consumers and buckets, and the consumer of this server's own agent.

    Raises `SettingsError` without a server, and for one that is older than what we rely on: nothing is made there.

    `again`: also those of all other agents, whose consumers somebody may have deleted; their registry makes them when it starts.
    """
    try:
        bus = await connect(url, ADMIN, keys.path(f"{ADMIN}.creds"))
    except Unanswered as error:
        raise SettingsError(f"PRINTBUS_NATS_URL names no server that believes the keys in {settings.keys_dir}: {error}") from error
    try:
        if old := age(bus.client):
            raise SettingsError(f"PRINTBUS_NATS_URL is wrong: {old}.")
        joined = others(settings)
        await admin.provision(bus, settings.region, settings.replicas, joined)
        if again:
            await make_again(bus, settings.region, settings.replicas, joined)
        if sn:
            await admin.ensure_consumer(bus.js, agent_consumer(settings.region, SHARD, settings.tenant, sn))
    finally:
        await bus.close()
