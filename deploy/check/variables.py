"""The environment of a container, from its own list and from ConfigMaps; what Secrets hold is not known here."""

from collections.abc import Mapping
from typing import Any

from deploy.check.findings import Manifest, of_kind
from deploy.check.pods import Container

#: In place of a value that a Secret, or the cluster, has.
UNKNOWN = "\0"


def values(container: Container, manifests: list[Manifest]) -> dict[str, str]:
    """All variables; `UNKNOWN` where only the cluster knows the value."""
    found: dict[str, str] = {}
    for source in container.spec.get("envFrom", ()):
        if "configMapRef" in source:
            found.update(config(manifests, source["configMapRef"]["name"]))
    for each in container.spec.get("env", ()):
        found[each["name"]] = _value(each, manifests)
    return found


def config(manifests: list[Manifest], name: str) -> Mapping[str, str]:
    """The data of a ConfigMap; empty where there is none of this name."""
    for each in of_kind(manifests, "ConfigMap"):
        if each["metadata"]["name"] == name:
            data: Mapping[str, str] = each.get("data", {})
            return data
    return {}


def _value(variable: Mapping[str, Any], manifests: list[Manifest]) -> str:
    if "value" in variable:
        return str(variable["value"])
    from_config = variable.get("valueFrom", {}).get("configMapKeyRef")
    return config(manifests, from_config["name"]).get(from_config["key"], UNKNOWN) if from_config else UNKNOWN
