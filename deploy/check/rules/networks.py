"""Nothing is reached that is not allowed, and nobody is allowed to reach a cloud's metadata, or to be silent about the rest."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from deploy.check.findings import Finding, Manifest, name_of, of_kind
from deploy.check.pods import labels_of, selects, workloads

RULE = "networks"
#: Where clouds tell whoever asks who he is.
METADATA = tuple(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")))
#: Networks that are inside somewhere: documents that strangers ask for must not be fetched from there unless somebody says so.
INSIDE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "fc00::/7")))
#: Workers that fetch what strangers name.
FETCHING = ("converter", "webhooks")


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Pods that everybody may reach, and ways out that lead too far."""
    policies = list(of_kind(manifests, "NetworkPolicy"))
    if not any(_denies_all(each["spec"]) for each in policies):
        yield Finding(RULE, "NetworkPolicy", "there is none that denies everything first: podSelector {}, Ingress and Egress")
    for workload in workloads(manifests):
        own = [
            each for each in policies if each["spec"]["podSelector"] and selects(each["spec"]["podSelector"], labels_of(workload))
        ]
        if not any("Ingress" in each["spec"]["policyTypes"] for each in own) and workload["kind"] != "Job":
            yield Finding(RULE, name_of(workload), "no NetworkPolicy says who may reach it")
    for policy in policies:
        for block in _blocks(policy["spec"]):
            yield from (Finding(RULE, name_of(policy), wrong) for wrong in _block(block, policy["spec"]))


def _denies_all(spec: Mapping[str, Any]) -> bool:
    return not spec["podSelector"] and set(spec["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & spec.keys()


def _blocks(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rule in spec.get("egress", ()):
        if not rule.get("to"):
            yield {"cidr": "0.0.0.0/0"}  # no `to` is everybody
        yield from (each["ipBlock"] for each in rule.get("to", ()) if "ipBlock" in each)


def _block(block: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    whole = ip_network(block["cidr"])
    left_out = [ip_network(each) for each in block.get("except", ())]
    for address in METADATA:
        if address in whole and not any(address in each for each in left_out):
            yield f"a way out to {whole} leads to the metadata at {address} too: leave it out by `except`"
    name = spec["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
    if name in FETCHING and whole.prefixlen == 0:
        for network in INSIDE:
            same = network.version == whole.version
            if same and not any(each.version == network.version and network.subnet_of(each) for each in left_out):  # type: ignore[arg-type]
                yield f"what strangers name is fetched from {network} too: leave it out by `except`"
