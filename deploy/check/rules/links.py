"""Other regions: their files are mounted, their stores are named as they are, and servers listen where others are told to call."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from deploy.check.findings import Finding, Manifest
from deploy.check.pods import Container, containers
from deploy.check.variables import values

RULE = "links"
SECRET = "printbus-links"  # noqa: S105 - its name
PORT = 7422


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Files that nobody mounts, regions that nobody is linked with, and addresses at which nobody listens."""
    for container in containers(manifests):
        given = values(container, manifests)
        yield from (Finding(RULE, container.where, wrong) for wrong in _container(container, given))
        if json.loads(given.get("PRINTBUS_LINK_ADDRESSES") or "[]") and not _listens(manifests):
            yield Finding(RULE, container.where, f"PRINTBUS_LINK_ADDRESSES is set, and no server of the bus has the port {PORT}")


def _container(container: Container, given: Mapping[str, str]) -> Iterator[str]:
    files = [PurePosixPath(each) for each in json.loads(given.get("PRINTBUS_LINKS") or "[]")]
    mounted = _mounted(container)
    for file in files:
        if str(file.parent) not in mounted:
            yield f"PRINTBUS_LINKS names {file}, and the Secret {SECRET} is not mounted at {file.parent}"
        if file.stem == given.get("PRINTBUS_REGION"):
            yield f"PRINTBUS_LINKS names {file}, which is this region itself"
    linked = {file.stem for file in files}
    for region in sorted(json.loads(given.get("PRINTBUS_REGION_DOCUMENTS") or "{}").keys() - linked):
        yield f"PRINTBUS_REGION_DOCUMENTS names {region}, and PRINTBUS_LINKS does not"


def _mounted(container: Container) -> set[str]:
    volumes = {each["name"] for each in container.pod.get("volumes", ()) if each.get("secret", {}).get("secretName") == SECRET}
    return {each["mountPath"] for each in container.spec.get("volumeMounts", ()) if each["name"] in volumes}


def _listens(manifests: list[Manifest]) -> bool:
    return any(container.runs == "nats" and container.port("links") == PORT for container in containers(manifests))
