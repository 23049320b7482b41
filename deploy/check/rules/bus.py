"""The bus: its servers are those that are named and have room for their streams, and queues scale only those that read them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from deploy.check.findings import Finding, Manifest, name_of, of_kind
from deploy.check.pods import Container, containers
from deploy.check.variables import values
from libs.contracts.documents import Engine
from libs.contracts.streams import CONVERT, GIB, consumers, streams

RULE = "bus"
SERVER = "printbus-nats"


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Addresses of servers that are not there, copies on servers that are not there, queues of others."""
    servers = _servers(manifests)
    if not servers:
        return
    for container in containers(manifests):
        given = values(container, manifests)
        yield from (Finding(RULE, container.where, wrong) for wrong in _addresses(given, servers))
        if int(given.get("PRINTBUS_NATS_REPLICAS", 0)) > len(servers):
            yield Finding(RULE, container.where, f"PRINTBUS_NATS_REPLICAS is more than there are servers: {len(servers)}")
    yield from (Finding(RULE, f"StatefulSet/{SERVER}", wrong) for wrong in _room(manifests))
    for scaled in of_kind(manifests, "ScaledObject"):
        yield from (Finding(RULE, name_of(scaled), wrong) for wrong in _scaled(scaled, manifests))


def _room(manifests: list[Manifest]) -> Iterator[str]:
    """A server refuses a stream whose most bytes, with those of the others, are more than its store may have."""
    linked = {
        PurePosixPath(file).stem
        for container in containers(manifests)
        for file in json.loads(values(container, manifests).get("PRINTBUS_LINKS") or "[]")
    }
    reserved = sum(spec.max_bytes for spec in streams("any", sorted(linked))) / GIB
    told = next((each["data"]["nats.conf"] for each in of_kind(manifests, "ConfigMap") if "nats.conf" in each.get("data", {})), "")
    store = re.search(r"max_file_store: (\d+)GB", told)
    if store is None or int(store[1]) < reserved:
        yield f"max_file_store is {store[1] if store else 'not told in'} GB, and its streams reserve {reserved:.1f}"
    for each in of_kind(manifests, "StatefulSet"):
        if each["metadata"]["name"] == SERVER and store:
            claim = each["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
            if int(claim.removesuffix("Gi")) <= int(store[1]):
                yield f"its disk has {claim}, and max_file_store is {store[1]} GB of it"


def _servers(manifests: list[Manifest]) -> set[str]:
    for each in of_kind(manifests, "StatefulSet"):
        if each["metadata"]["name"] == SERVER:
            return {f"{SERVER}-{number}.{each['spec']['serviceName']}" for number in range(each["spec"]["replicas"])}
    return set()


def _addresses(given: Mapping[str, str], servers: set[str]) -> Iterator[str]:
    urls = [each for each in given.get("PRINTBUS_NATS_URL", "").split(",") if each]
    named = {each.partition("://")[2].rpartition(":")[0] for each in urls}
    if urls and named != servers:
        yield f"PRINTBUS_NATS_URL names {', '.join(sorted(named))}, and the servers are {', '.join(sorted(servers))}"
    if any(not each.startswith("tls://") or not each.endswith(":4222") for each in urls):
        yield "PRINTBUS_NATS_URL: write tls:// and the port 4222"


def _scaled(scaled: Manifest, manifests: list[Manifest]) -> Iterator[str]:
    target = scaled["spec"]["scaleTargetRef"]["name"]
    found = next((each for each in containers(manifests) if each.workload["metadata"]["name"] == target), None)
    if found is None:
        return
    if found.runs != "converter":
        yield f"{found.runs} is not scaled by a queue: only converters are"
        return
    engines = _engines(found, manifests)
    durable = {spec.durable for spec in consumers("any") if spec.stream == CONVERT}
    asked = [each["metadata"] for each in scaled["spec"]["triggers"] if each["type"] == "nats-jetstream"]
    for each in asked:
        yield from _trigger(each, durable, engines, manifests)
    for engine in sorted(engines - {each["consumer"].removeprefix("converter_") for each in asked}):
        yield f"nobody looks at the queue of the engine {engine}"
    yield from _given_away(scaled["spec"]["maxReplicaCount"], manifests)


def _engines(container: Container, manifests: list[Manifest]) -> set[str]:
    told = values(container, manifests).get("PRINTBUS_CONVERTER_ENGINES", "")
    return set(json.loads(told)) if told else {engine.value for engine in Engine}


def _trigger(asked: Mapping[str, Any], durable: set[str], engines: set[str], manifests: list[Manifest]) -> Iterator[str]:
    if asked["stream"] != CONVERT or asked["consumer"] not in durable:
        yield f"there is no consumer {asked['consumer']} of the stream {asked['stream']}"
    elif asked["consumer"].removeprefix("converter_") not in engines:
        yield f"it is scaled by {asked['consumer']}, which it does not read"
    host, _, port = asked["natsServerMonitoringEndpoint"].partition(":")
    service = next((each for each in of_kind(manifests, "Service") if each["metadata"]["name"] == SERVER), None)
    namespace = service["metadata"].get("namespace", "") if service else ""
    if host != f"{SERVER}.{namespace}.svc" or port != "8222":
        yield f"it asks {host}:{port}, and NATS tells at {SERVER}.{namespace}.svc:8222"


def _given_away(most: int, manifests: list[Manifest]) -> Iterator[str]:
    """The spooler gives away as many orders as so many converters hold: with fewer, the last ones have nothing to do."""
    for container in containers(manifests):
        told = int(values(container, manifests).get("PRINTBUS_CONVERTERS", 1))
        if container.runs == "spooler" and told < most:
            yield f"it grows to {most} converters, and the spooler gives work to PRINTBUS_CONVERTERS={told}"
