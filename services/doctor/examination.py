"""An examination of a running installation over its bus: what streams promise, who reads them, converters, printers, the ledger."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from libs.contracts.devices import DeviceType
from libs.contracts.directory import BUCKET, DEVICES, DeviceEntry, Entry, PresenceEntry, presence_key
from libs.contracts.ledger import LedgerView, ReadLedger
from libs.contracts.message import decode
from libs.contracts.streams import ConsumerSpec, consumers, far_directory, streams
from libs.runtime.bus import Bus, Refused, Unanswered
from libs.runtime.ending import end
from libs.runtime.keys import SYSTEM
from libs.runtime.mirror import Mirror
from libs.runtime.versions import too_old
from services.doctor.finding import Finding, bad, poor, well
from services.doctor.surroundings import clock

PROVISION = "run `python -m services provision`."
#: Seconds within which the directory is read, and servers answer.
WITHIN = 5.0
#: How often it is looked for who reads, and seconds between two looks.
LOOKS, BETWEEN = 3, 0.2


async def kept(bus: Bus, region: str, replicas: int) -> AsyncIterator[Finding]:
    """The streams are as they should be: on disk, refusing rather than forgetting, with their copies."""
    wrong = 0
    for spec in streams(region):
        try:
            info = await bus.js.stream_info(spec.name)
        except NotFoundError:
            wrong += 1
            yield bad("bus", f"the stream {spec.name} is not there", PROVISION)
            continue
        config, said = info.config, []
        said += ["it is kept in memory only"] if _word(config.storage) != "file" else []
        said += [f"it has {config.num_replicas} of {replicas} copies"] if (config.num_replicas or 1) < replicas else []
        said += ["it does something else when it is full"] if _word(config.discard) != spec.discard.value else []
        said += ["it keeps something else"] if _word(config.retention) != spec.retention.value else []
        if said:
            wrong += 1
            yield bad("bus", f"{spec.name}: {', '.join(said)}", PROVISION)
    if not wrong:
        yield well("bus", f"{len(streams(region))} streams are on disk in {replicas} copies each, and refuse rather than forget")


def _word(value: object) -> str:
    """One of NATS's words, as its client has it: as an enumeration, or as it came."""
    return str(getattr(value, "value", value))


async def synced(system: Bus) -> AsyncIterator[Finding]:
    """Each server of the bus is new enough, syncs before it acknowledges, and has our time; asked as the system's user."""
    servers = await _servers(system)
    for server, version, config, at in servers:
        if says := too_old(server, version):
            yield bad(
                "bus", says, "start the nats-server that comes with Printbus (`nats-server` beside its Python) on the same files."
            )
        else:
            yield well("bus", f"{server} is nats-server {version}")
        if config.get("sync_always"):
            yield well("bus", f"{server} syncs to its disk before it acknowledges")
        else:
            yield bad(
                "bus", f"{server} acknowledges what is not on its disk yet", "set `sync_interval: always` in its jetstream block."
            )
        yield clock(server, at)
    if not servers:
        yield poor(
            "bus",
            "no server of the bus says how it keeps what it acknowledges",
            f"look at its configuration; {SYSTEM}.creds must be of its system account.",
        )


async def _servers(system: Bus) -> list[tuple[str, str, dict[str, object], float]]:
    """Name, version, how it keeps what it has, and its clock."""
    inbox = system.client.new_inbox()
    found: list[tuple[str, str, dict[str, object], float]] = []
    answers = await system.client.subscribe(inbox)
    await system.client.publish("$SYS.REQ.SERVER.PING.JSZ", b'{"config":true}', reply=inbox)
    try:
        wait = WITHIN
        while True:
            told = json.loads((await answers.next_msg(timeout=wait)).data)
            at = datetime.fromisoformat(told["server"]["time"]).timestamp()
            server, config = told["server"], dict(told.get("data", {}).get("config", {}))
            found.append((str(server["name"]), str(server.get("ver", "")), config, at))
            wait = 0.3  # others of its cluster come together with the first
    except (NatsError, TimeoutError, KeyError, ValueError):
        return found
    finally:
        await answers.unsubscribe()


async def read(bus: Bus, region: str) -> AsyncIterator[Finding]:
    """Every consumer of the services is there, and somebody reads it."""
    there: list[ConsumerSpec] = []
    for spec in consumers(region):
        try:
            await bus.js.consumer_info(spec.stream, spec.durable)
            there.append(spec)
        except NotFoundError:
            yield bad("bus", f"the consumer {spec.durable} of {spec.stream} is not there", PROVISION)
    unread = [spec.durable for spec in await _unread(bus, there)]
    for engine in [each.removeprefix("converter_") for each in unread if each.startswith("converter_")]:
        yield bad(
            "converter lanes",
            f"nobody converts documents of the engine {engine}",
            "start a converter with it (PRINTBUS_CONVERTER_ENGINES).",
        )
    if not any(each.startswith("converter_") for each in unread):
        yield well("converter lanes", "each engine has converters that wait for documents")
    for durable in [each for each in unread if not each.startswith("converter_")]:
        yield bad("services", f"nobody reads {durable}", f"start the {durable.partition('_')[0]}, or see what its /readyz says.")


async def _unread(bus: Bus, specs: Sequence[ConsumerSpec]) -> Sequence[ConsumerSpec]:
    """Those that nobody reads, looked at twice: who reads asks anew after each message."""
    for _ in range(LOOKS):
        infos = [(spec, await bus.js.consumer_info(spec.stream, spec.durable)) for spec in specs]
        specs = [spec for spec, info in infos if not info.num_waiting and not info.num_ack_pending]
        if not specs:
            break
        await asyncio.sleep(BETWEEN)
    return specs


async def printers(bus: Bus) -> AsyncIterator[Finding]:
    """Agents and printers, as the directory has them."""
    mirror = Mirror(bus, BUCKET, lambda data: decode(Entry, data))
    following = asyncio.create_task(mirror.follow())
    try:
        await asyncio.wait_for(mirror.loaded.wait(), WITHIN)
    except TimeoutError:
        yield bad("printers", "the directory is not told", "start the registry.")
        return
    finally:
        await end(following)
    online = {each.agent for each in mirror.below(presence_key("")) if isinstance(each, PresenceEntry) and each.online}
    devices = [each for each in mirror.below(DEVICES) if isinstance(each, DeviceEntry) and not each.device.virtual]
    mine = [each for each in devices if each.device.type is DeviceType.PRINTER]
    states = Counter(each.device.state.value if each.agent in online else "away with its agent" for each in mine)
    if not mine:
        yield poor("printers", "no agent has a printer", "set PRINTBUS_PRINTERS of an agent.")
        return
    for each in [each for each in mine if each.agent in online and each.device.state.value in ("stopped", "unreachable")][:20]:
        reasons = ", ".join(each.device.reasons) or "it gives no reason"
        yield poor(
            "printers",
            f"{each.agent}/{each.device.name} is {each.device.state.value}: {reasons}",
            "see to it; its tasks go on by themselves.",
        )
    for agent in sorted({each.agent for each in mine} - online)[:20]:
        yield poor("printers", f"the agent {agent} is away", "see whether it runs, and the line of its site.")
    yield well("printers", f"{len(mine)} printers: {', '.join(f'{count} {state}' for state, count in sorted(states.items()))}")


async def regions(bus: Bus, others: Sequence[str]) -> AsyncIterator[Finding]:
    """Each other region is heard: its registry ticks once a second, also over a line."""
    for region in others:
        if await _heard(bus, region):
            yield well("regions", f"{region} is reached")
        else:
            yield poor(
                "regions",
                f"{region} is not reached: what is accepted for it waits here",
                "see docs/runbooks/regions.md: the line, its keys, whether it runs.",
            )


async def _heard(bus: Bus, region: str) -> bool:
    mirror = Mirror(bus, far_directory(region).name, lambda data: decode(Entry, data))
    following = asyncio.create_task(mirror.follow())
    try:
        async with asyncio.timeout(WITHIN):
            while not mirror.heard:  # noqa: ASYNC110 - a mirror tells nobody when it hears
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False
    finally:
        await end(following)
    return True


async def ledger(bus: Bus, region: str) -> AsyncIterator[Finding]:
    """Whether a spooler is active, and all that was accepted adds up."""
    try:
        view: LedgerView = await bus.ask(ReadLedger(region=region), timeout=WITHIN)
    except (Unanswered, Refused) as error:
        yield bad("spooler", f"no spooler answers ({error})", "start one, or see what its /readyz says.")
        return
    if view.mismatches:
        yield bad("ledger", f"{view.mismatches} of what was accepted do not add up", "`python -m services ledger` names them.")
    else:
        yield well("ledger", "all that was accepted adds up")
