"""What one object says of another one is there; Secrets come from elsewhere, and must be known to come."""

from collections.abc import Iterator

from deploy import inventory
from deploy.check.findings import Finding, Manifest, name_of, of_kind
from deploy.check.pods import Container, containers, labels_of, pod_of, selects, workloads

RULE = "references"


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Names that lead nowhere, labels that nobody has, and objects that stand twice."""
    there = [name_of(each) for each in manifests]
    yield from (Finding(RULE, name, "it is there twice") for name in sorted({each for each in there if there.count(each) > 1}))
    for workload in workloads(manifests):
        yield from (Finding(RULE, name_of(workload), wrong) for wrong in _workload(workload, set(there), manifests))
    for container in containers(manifests):
        yield from (Finding(RULE, container.where, wrong) for wrong in _container(container, set(there)))
    for each in of_kind(manifests, "PodDisruptionBudget", "NetworkPolicy"):
        selector = each["spec"].get("selector") or each["spec"].get("podSelector") or {}
        if selector and not any(selects(selector, labels_of(one)) for one in workloads(manifests)) and not _foreign(selector):
            yield Finding(RULE, name_of(each), f"no pod has the labels {dict(selector)}")
    for each in of_kind(manifests, "HorizontalPodAutoscaler", "ScaledObject"):
        target = each["spec"]["scaleTargetRef"]
        if f"{target.get('kind', 'Deployment')}/{target['name']}" not in there:
            yield Finding(RULE, name_of(each), f"there is no {target['name']} to be scaled")
        if any(one["metadata"]["name"] == target["name"] and "replicas" in one["spec"] for one in workloads(manifests)):
            yield Finding(RULE, name_of(each), f"{target['name']} has `replicas` of its own, which every `apply` brings back")


def _workload(workload: Manifest, there: set[str], manifests: list[Manifest]) -> Iterator[str]:
    pod, spec = pod_of(workload), workload["spec"]
    if f"ServiceAccount/{pod.get('serviceAccountName')}" not in there:
        yield f"there is no ServiceAccount {pod.get('serviceAccountName')}"
    if f"PriorityClass/{pod.get('priorityClassName')}" not in there:
        yield f"there is no PriorityClass {pod.get('priorityClassName')}"
    if "selector" in spec and not selects(spec["selector"], labels_of(workload)):
        yield "its selector does not take its own pods"
    if workload["kind"] == "StatefulSet" and f"Service/{spec['serviceName']}" not in there:
        yield f"there is no Service {spec['serviceName']}"
    for spread in pod.get("topologySpreadConstraints", ()):
        if not selects(spread["labelSelector"], labels_of(workload)):
            yield "it is spread by labels that it does not have"
    if workload["kind"] != "Job" and not any(
        selects(each["spec"]["selector"], labels_of(workload)) for each in of_kind(manifests, "PodDisruptionBudget")
    ):
        yield "it has no PodDisruptionBudget"


def _container(container: Container, there: set[str]) -> Iterator[str]:
    pod = container.pod
    volumes = {each["name"]: each for each in pod.get("volumes", ())}
    claimed = {each["metadata"]["name"] for each in container.workload["spec"].get("volumeClaimTemplates", ())}
    for mount in container.spec.get("volumeMounts", ()):
        if mount["name"] not in volumes.keys() | claimed:
            yield f"it mounts {mount['name']}, which is no volume of its pod"
    for volume in volumes.values():
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and f"PersistentVolumeClaim/{claim}" not in there:
            yield f"there is no PersistentVolumeClaim {claim}"
    for kind, name, key in named(container):
        if kind == "ConfigMap" and f"ConfigMap/{name}" not in there:
            yield f"there is no ConfigMap {name}"
        if kind == "Secret" and (name not in inventory.SECRETS or (key and key not in inventory.SECRETS[name])):
            yield f"nobody makes the Secret {name}" + (f" with {key}" if key else "")


def named(container: Container) -> Iterator[tuple[str, str, str]]:
    """Kind, name and key (empty: all) of what the container is given."""
    for source in container.spec.get("envFrom", ()):
        kind = "ConfigMap" if "configMapRef" in source else "Secret"
        yield kind, (source.get("configMapRef") or source["secretRef"])["name"], ""
    for variable in container.spec.get("env", ()):
        source = variable.get("valueFrom", {})
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if key in source:
                yield kind, source[key]["name"], source[key]["key"]
    for volume in container.pod.get("volumes", ()):
        for source in (volume, *volume.get("projected", {}).get("sources", ())):
            if "configMap" in source:
                yield "ConfigMap", source["configMap"]["name"], ""
            if "secret" in source:
                secret = source["secret"]
                name = secret.get("secretName") or secret["name"]
                yield from (("Secret", name, each["key"]) for each in secret.get("items", ({"key": ""},)))


def _foreign(selector: dict[str, object]) -> bool:
    """Whether the pods are made by somebody else: CloudNativePG's operator, cert-manager."""
    return any(name in str(selector) for name in ("cnpg.io/cluster", "acme.cert-manager.io"))
