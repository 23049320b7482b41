"""The doors know the names by which they are reached, and all that tell an address of theirs tell the same one."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from deploy.check.findings import Finding, Manifest, name_of, of_kind
from deploy.check.pods import containers
from deploy.check.variables import values

RULE = "doors"


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Hosts of an Ingress or a route that the gateway does not go by, and addresses that differ."""
    told = {each.runs: values(each, manifests) for each in containers(manifests)}
    if "gateway" not in told:
        return
    public = told["gateway"].get("PRINTBUS_PUBLIC_URL", "")
    names = set(json.loads(told["gateway"].get("PRINTBUS_HTTP_NAMES") or "[]"))
    for door, hosts in _hosts(manifests):
        for host in sorted(hosts - names):
            yield Finding(RULE, door, f"{host} is not among the gateway's PRINTBUS_HTTP_NAMES")
        if urlsplit(public).hostname not in hosts:
            yield Finding(RULE, door, f"nobody comes in at PRINTBUS_PUBLIC_URL={public}")
    if told.get("spooler", {}).get("PRINTBUS_PUBLIC_URL", public) != public:
        yield Finding(RULE, "Deployment/printbus-spooler", f"its PRINTBUS_PUBLIC_URL is not the gateway's, {public}")


def _hosts(manifests: list[Manifest]) -> Iterator[tuple[str, set[str]]]:
    for ingress in of_kind(manifests, "Ingress"):
        yield name_of(ingress), {rule["host"] for rule in ingress["spec"]["rules"]}
    for route in of_kind(manifests, "HTTPRoute"):
        yield name_of(route), set(route["spec"]["hostnames"])
