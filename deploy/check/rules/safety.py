"""Containers that can do little: the policies, each named as checkov names it, which `make manifests` runs beside ours."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.check.findings import Finding, Manifest
from deploy.check.pods import Container, containers

#: Users below belong to the system of the node.
LEAST_USER = 10_000
RESOURCES = ("cpu", "memory", "ephemeral-storage")


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """What a container may do that it need not."""
    for container in containers(manifests):
        for rule, wrong in POLICIES.items():
            if sentence := wrong(container):
                yield Finding(rule, container.where, sentence)


def _setting(container: Container, name: str) -> Any:
    """A setting of the container's security, or its pod's where that one says nothing."""
    own, pod = _security(container.spec), _security(container.pod)
    return own.get(name, pod.get(name))


def _security(of: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = of.get("securityContext", {})
    return found


def _root(container: Container) -> str:
    return "" if _setting(container, "runAsNonRoot") is True else "it may run as root: write runAsNonRoot: true"


def _user(container: Container) -> str:
    user = _setting(container, "runAsUser")
    return "" if isinstance(user, int) and user >= LEAST_USER else f"it runs as user {user}: write one of {LEAST_USER} or more"


def _escalation(container: Container) -> str:
    allowed = _security(container.spec).get("allowPrivilegeEscalation")
    return "" if allowed is False else "it may become more than it is: write allowPrivilegeEscalation: false"


def _privileged(container: Container) -> str:
    return "it is privileged" if _security(container.spec).get("privileged") else ""


def _writing(container: Container) -> str:
    closed = _security(container.spec).get("readOnlyRootFilesystem")
    return "" if closed is True else "it may change its own programs: write readOnlyRootFilesystem: true"


def _capabilities(container: Container) -> str:
    capabilities = _security(container.spec).get("capabilities", {})
    if capabilities.get("drop") != ["ALL"]:
        return "it keeps capabilities: write capabilities: {drop: [ALL]}"
    return f"it has the capabilities {capabilities['add']}" if capabilities.get("add") else ""


def _seccomp(container: Container) -> str:
    profile = (_setting(container, "seccompProfile") or {}).get("type")
    return "" if profile in ("RuntimeDefault", "Localhost") else "it may make any system call: write seccompProfile: RuntimeDefault"


def _host(container: Container) -> str:
    shared = [name for name in ("hostNetwork", "hostPID", "hostIPC") if container.pod.get(name)]
    mounted = [each["name"] for each in container.pod.get("volumes", ()) if "hostPath" in each]
    return f"it reaches into its node: {', '.join(shared + mounted)}" if shared or mounted else ""


def _token(container: Container) -> str:
    mounted = container.pod.get("automountServiceAccountToken")
    return "" if mounted is False else "it is given a token of the cluster: write automountServiceAccountToken: false"


def _requests(container: Container) -> str:
    return _resources(container, "requests")


def _limits(container: Container) -> str:
    return _resources(container, "limits")


def _resources(container: Container, which: str) -> str:
    given = container.spec.get("resources", {}).get(which, {})
    missing = [name for name in RESOURCES if name not in given]
    return f"its resources.{which} lack {', '.join(missing)}" if missing else ""


def _image(container: Container) -> str:
    tag = str(container.spec["image"]).rpartition("/")[2]
    fixed = "@sha256:" in tag or (":" in tag and not tag.endswith(":latest"))
    return "" if fixed else f"its image {container.spec['image']} is another one tomorrow: write a version or a digest"


def _volumes(container: Container) -> str:
    boundless = [
        each["name"] for each in container.pod.get("volumes", ()) if "sizeLimit" not in each.get("emptyDir", {"sizeLimit": 0})
    ]
    return f"its volumes {', '.join(boundless)} may fill the node: write a sizeLimit" if boundless else ""


POLICIES: Mapping[str, Callable[[Container], str]] = {
    "CKV_K8S_23 runs as nobody special": _root,
    "CKV_K8S_40 high user": _user,
    "CKV_K8S_20 no escalation": _escalation,
    "CKV_K8S_16 not privileged": _privileged,
    "CKV_K8S_22 read-only root": _writing,
    "CKV_K8S_37 no capabilities": _capabilities,
    "CKV_K8S_31 seccomp": _seccomp,
    "CKV_K8S_17 own namespaces": _host,
    "CKV_K8S_38 no token": _token,
    "CKV_K8S_10 requests": _requests,
    "CKV_K8S_11 limits": _limits,
    "CKV_K8S_14 image": _image,
    "sized volumes": _volumes,
}
