"""What manifests must keep, one file per subject: each has `check(manifests)`, which yields findings."""

from collections.abc import Callable, Iterable

from deploy.check import schemas
from deploy.check.findings import Finding, Manifest
from deploy.check.rules import bus, doors, links, networks, ports, probes, references, safety, settings

Check = Callable[[list[Manifest]], Iterable[Finding]]

RULES: tuple[Check, ...] = (
    references.check,
    safety.check,
    probes.check,
    ports.check,
    settings.check,
    networks.check,
    bus.check,
    doors.check,
    links.check,
)


def found(manifests: list[Manifest], *, with_schemas: bool = True) -> list[Finding]:
    """All findings in the objects of one overlay."""
    checks = (schemas.check, *RULES) if with_schemas else RULES
    return [finding for check in checks for finding in check(manifests)]
