"""Ports are those that the settings name, and whoever is asked for one has it."""

from collections.abc import Iterator, Mapping

from deploy.check.findings import Finding, Manifest, name_of, of_kind
from deploy.check.pods import Container, containers, labels_of, selects, workloads
from deploy.check.variables import values

RULE = "ports"
#: What runs in an image, the setting of each of its ports, and the port's name; the gateway's doors have one of their own.
LISTENS: Mapping[str, Mapping[str, str]] = {
    **{name: {"probes": "PRINTBUS_METRICS_PORT"} for name in ("registry", "spooler", "converter", "webhooks", "agent")},
    "gateway": {"probes": "PRINTBUS_METRICS_PORT", "http": "PRINTBUS_HTTP_PORT"},
    "embedded": {"http": "PRINTBUS_HTTP_PORT", "https": "PRINTBUS_HTTPS_PORT"},
}
#: nats-server's ports, as nats.conf has them.
BUS = {"nats": 4222, "websocket": 8443, "routes": 6222, "monitor": 8222}


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Ports of containers, of Services, of Ingresses and routes, and of monitors."""
    for container in containers(manifests):
        if container.serves:
            yield from (Finding(RULE, container.where, wrong) for wrong in _own(container, manifests))
    for service in of_kind(manifests, "Service"):
        yield from (Finding(RULE, name_of(service), wrong) for wrong in _service(service, manifests))
    for who, name, port in _backends(manifests):
        yield from (Finding(RULE, who, wrong) for wrong in _backend(name, port, manifests))
    yield from _monitors(manifests)


def _own(container: Container, manifests: list[Manifest]) -> Iterator[str]:
    given = values(container, manifests)
    wanted = {name: given.get(setting, "") for name, setting in LISTENS.get(container.runs, {}).items()}
    wanted |= {name: str(port) for name, port in BUS.items()} if container.runs == "nats" else {}
    for name, port in wanted.items():
        if str(container.port(name)) != port:
            yield f"its port {name} is {container.port(name)}, and it listens at {port or 'a free one'}"


def _service(service: Manifest, manifests: list[Manifest]) -> Iterator[str]:
    selector = {"matchLabels": service["spec"].get("selector", {})}
    found = [each for each in workloads(manifests) if selects(selector, labels_of(each))]
    if not found:
        yield f"no pod has the labels {selector['matchLabels']}"
    for container in (each for each in containers(found) if not each.first):
        for port in service["spec"]["ports"]:
            if container.port(port.get("targetPort", port["port"])) is None:
                yield f"{container.where} has no port {port.get('targetPort', port['port'])}"


def _backends(manifests: list[Manifest]) -> Iterator[tuple[str, str, object]]:
    for ingress in of_kind(manifests, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                yield name_of(ingress), service["name"], next(iter(service["port"].values()))
    for route in of_kind(manifests, "HTTPRoute"):
        for rule in route["spec"]["rules"]:
            yield from ((name_of(route), each["name"], each["port"]) for each in rule["backendRefs"])


def _backend(name: str, port: object, manifests: list[Manifest]) -> Iterator[str]:
    service = next((each for each in of_kind(manifests, "Service") if each["metadata"]["name"] == name), None)
    if service is None:
        yield f"there is no Service {name}"
    elif not any(port in (each["name"], each["port"]) for each in service["spec"]["ports"]):
        yield f"the Service {name} has no port {port}"


def _monitors(manifests: list[Manifest]) -> Iterator[Finding]:
    services = list(of_kind(manifests, "Service"))
    for monitor in of_kind(manifests, "ServiceMonitor"):
        seen = [each for each in services if selects(monitor["spec"]["selector"], each["metadata"].get("labels", {}))]
        names = {port["name"] for each in seen for port in each["spec"]["ports"]}
        for endpoint in monitor["spec"]["endpoints"]:
            if endpoint["port"] not in names:
                yield Finding(RULE, name_of(monitor), f"no Service has the port {endpoint['port']}")
            if endpoint["port"] != "probes":
                yield Finding(RULE, name_of(monitor), f"metrics are at the port probes, not at {endpoint['port']}")
            if endpoint["path"] != "/metrics":
                yield Finding(RULE, name_of(monitor), f"metrics are at /metrics, not at {endpoint['path']}")
