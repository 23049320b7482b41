"""Workloads, their pods and their containers, whatever kind of object they are in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.check.findings import Manifest, name_of, of_kind

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
#: Images are named after what runs in them.
IMAGES = "printbus/"


@dataclass(frozen=True, slots=True)
class Container:
    """One container, of a pod of a workload; `first`: it only runs before the others."""

    workload: Manifest
    pod: Mapping[str, Any]
    spec: Mapping[str, Any]
    first: bool

    @property
    def where(self) -> str:
        """For findings."""
        return f"{name_of(self.workload)}/{self.spec['name']}"

    @property
    def runs(self) -> str:
        """What its image is: a service of ours, `nats`, `tools` or `embedded`; as it is when it is none of ours."""
        path = str(self.spec["image"]).partition("@")[0]
        found = path.rpartition("/")[2].partition(":")[0]
        return found if f"/{path}".rpartition("/")[0].endswith(IMAGES.rstrip("/")) else path

    @property
    def serves(self) -> bool:
        """Whether it stays, and so is asked how it is."""
        return not self.first and self.workload["kind"] != "Job"

    def port(self, name: object) -> int | None:
        """The number of one of its ports, by name or number; None: it has none such."""
        ports = {each["name"]: int(each["containerPort"]) for each in self.spec.get("ports", ())}
        return ports.get(str(name), name if isinstance(name, int) and name in ports.values() else None)


def workloads(manifests: list[Manifest]) -> Iterator[Manifest]:
    """All that make pods."""
    return of_kind(manifests, *WORKLOADS)


def pod_of(workload: Manifest) -> Mapping[str, Any]:
    """The template's pod."""
    found: Mapping[str, Any] = workload["spec"]["template"]["spec"]
    return found


def labels_of(workload: Manifest) -> Mapping[str, str]:
    """The labels of its pods."""
    found: Mapping[str, str] = workload["spec"]["template"]["metadata"].get("labels", {})
    return found


def containers(manifests: list[Manifest]) -> Iterator[Container]:
    """All containers of all workloads."""
    for workload in workloads(manifests):
        pod = pod_of(workload)
        for first, key in ((True, "initContainers"), (False, "containers")):
            for spec in pod.get(key, ()):
                yield Container(workload, pod, spec, first)


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector (with `matchLabels`, `matchExpressions` with `In`) takes these labels."""
    same = all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
    return same and all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ()))
