"""The bus: its servers are those that are named, and queues that scale somebody are queues that he reads."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.check.findings import Finding, Manifest, name_of, of_kind
from deploy.check.pods import Container, containers
from deploy.check.variables import values
from libs.contracts.documents import Engine
from libs.contracts.streams import CONVERT, consumers

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
    for scaled in of_kind(manifests, "ScaledObject"):
        yield from (Finding(RULE, name_of(scaled), wrong) for wrong in _scaled(scaled, manifests))


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
