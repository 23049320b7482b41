"""Containers as manifests say them: variables, files and programs, for one node without a cluster."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.check.findings import Manifest, of_kind
from deploy.check.pods import Container, containers, labels_of, selects
from deploy.check.variables import UNKNOWN, config, values
from deploy.contents import Contents
from deploy.images.dockerfile import Stage


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the node in a container."""

    source: Path
    target: str
    readable: bool = False


@dataclass(frozen=True)
class Pod:
    """One container of a workload on its address; those of one workload have the same folder. Its methods block."""

    container: Container
    stage: Stage
    address: str
    manifests: list[Manifest]
    secrets: Mapping[str, Contents]
    folder: Path

    @property
    def name(self) -> str:
        """As Kubernetes names the first pod of a workload, and its container."""
        return f"{self.container.workload['metadata']['name']}-0"

    @property
    def user(self) -> int:
        """The number of the user that it runs as."""
        return int(self.container.pod["securityContext"]["runAsUser"])

    @property
    def argv(self) -> list[str]:
        """What is started."""
        spec = self.container.spec
        entrypoint = spec.get("command", self.stage.entrypoint)
        return [*entrypoint, *spec.get("args", () if "command" in spec else self.stage.command)]

    def environment(self) -> dict[str, str]:
        """The image's variables and the manifest's. Raises `KeyError` for a Secret that is needed and not there."""
        found = {**self.stage.environment, **values(self.container, self.manifests)}
        for each in self.container.spec.get("env", ()):
            source = each.get("valueFrom", {})
            if "secretKeyRef" in source:
                asked = source["secretKeyRef"]
                if asked["name"] in self.secrets or not asked.get("optional"):
                    found[each["name"]] = self.secrets[asked["name"]][asked["key"]].decode()
            elif "fieldRef" in source:
                found[each["name"]] = self.name if source["fieldRef"]["fieldPath"] == "metadata.name" else "0"
        return {name: value for name, value in found.items() if value != UNKNOWN}

    def mounts(self) -> Iterator[Mount]:
        """Its volumes, the outer ones first."""
        spec = self.container.workload["spec"]
        volumes = {each["name"]: each for each in self.container.pod.get("volumes", ())}
        for claim in spec.get("volumeClaimTemplates", ()):
            volumes[claim["metadata"]["name"]] = {
                "persistentVolumeClaim": {"claimName": f"{claim['metadata']['name']}-{self.name}"}
            }
        for mount in sorted(self.container.spec.get("volumeMounts", ()), key=lambda each: len(each["mountPath"])):
            yield self._mount(mount, volumes[mount["name"]])

    def _mount(self, mount: Mapping[str, Any], volume: Mapping[str, Any]) -> Mount:
        target, readable = mount["mountPath"], bool(mount.get("readOnly"))
        if "persistentVolumeClaim" in volume:
            claim = self._room(self.folder.parent / "claims" / volume["persistentVolumeClaim"]["claimName"])
            return Mount(self._room(claim / mount.get("subPath", "")), target, readable)
        own = self._room(self.folder / mount["name"])
        if "emptyDir" in volume:
            return Mount(own, target, readable)  # all containers of a pod see the same
        secret, settings = volume.get("secret", {}).get("secretName"), volume.get("configMap", {}).get("name")
        files = self.secrets[secret] if secret else {name: text.encode() for name, text in config(self.manifests, settings).items()}
        for name, content in files.items():
            path = own / name
            path.write_bytes(content)
            path.chmod(0o440 if secret else 0o644)
            shutil.chown(path, 0, self.user)
        return Mount(own, target, readable=True)

    def _room(self, folder: Path) -> Path:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(0o2770)
            shutil.chown(folder, 0, self.user)
        return folder


def pods(
    manifests: list[Manifest], stages: Mapping[str, Stage], secrets: Mapping[str, Contents], folder: Path, net: str
) -> list[Pod]:
    """One of each workload, with its init containers before it; `net` is the network's first three numbers."""
    found: list[Pod] = []
    numbers: dict[str, int] = {}
    for container in containers(manifests):
        name = container.workload["metadata"]["name"]
        number = numbers.setdefault(name, len(numbers) + 10)
        found.append(Pod(container, stages[container.runs], f"{net}.{number}", manifests, secrets, folder / name))
    return found


def hosts(found: list[Pod], manifests: list[Manifest]) -> str:
    """What the cluster's names lead to."""
    lines = ["127.0.0.1 localhost"]
    for pod in found:
        service = pod.container.workload["spec"].get("serviceName")
        lines += [f"{pod.address} {pod.name}.{service}"] if service and pod.container.serves else []
    for service in of_kind(manifests, "Service"):
        chosen = [pod for pod in found if selects({"matchLabels": service["spec"]["selector"]}, labels_of(pod.container.workload))]
        lines += [f"{pod.address} {service['metadata']['name']}" for pod in chosen if pod.container.serves][:1]
    return "\n".join([*lines, ""])
