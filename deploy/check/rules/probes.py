"""Whoever stays is asked how it is, never about others to stay alive; and it has time to end well."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.check.findings import Finding, Manifest
from deploy.check.pods import Container, containers
from deploy.check.variables import values

RULE = "probes"
#: Seconds that `Service.stop` takes by force after its grace.
FORCE = 5
DEFAULT_GRACE = 10.0
#: Paths by what answers them: `libs.runtime.probes`, and nats-server's own.
OURS: Mapping[str, str] = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
BUS: Mapping[str, str] = {
    "startupProbe": "/healthz",
    "livenessProbe": "/healthz?js-enabled-only=true",
    "readinessProbe": "/healthz?js-server-only=true",
}


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Probes that are missing, ask the wrong thing or nobody, and pods that are killed before they have ended."""
    for container in containers(manifests):
        if container.serves:
            yield from (Finding(RULE, container.where, wrong) for wrong in _probes(container))
            if wrong := _ending(container, manifests):
                yield Finding(RULE, container.where, wrong)


def _probes(container: Container) -> Iterator[str]:
    paths = BUS if container.runs == "nats" else OURS
    for kind, path in paths.items():
        probe = container.spec.get(kind)
        if not probe:
            yield f"it has no {kind}"
            continue
        asked: Mapping[str, Any] = probe.get("httpGet", {})
        if asked.get("path") != path:
            yield f"its {kind} asks for {asked.get('path')}, and {path} is what tells"
        if container.port(asked.get("port")) is None:
            yield f"its {kind} asks at the port {asked.get('port')}, which it does not have"


def _ending(container: Container, manifests: list[Manifest]) -> str:
    if container.runs == "nats":
        return (
            "" if "preStop" in container.spec.get("lifecycle", {}) else "its clients are not told before it ends: write a preStop"
        )
    grace = float(values(container, manifests).get("PRINTBUS_SHUTDOWN_GRACE", DEFAULT_GRACE))
    before = container.spec.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    given = container.pod.get("terminationGracePeriodSeconds", 30)
    needed = before + grace + FORCE
    return "" if given >= needed else f"it is killed after {given} s, and may need {needed:g} to end"
