"""What a check finds: where, and what is wrong there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: One object of Kubernetes as YAML says it.
Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is the check's name, `where` an object as `Kind/name`, with a container or a path behind it."""

    rule: str
    where: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.where}: {self.wrong} [{self.rule}]"


def name_of(manifest: Manifest) -> str:
    """`Kind/name`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(manifests: list[Manifest], *kinds: str) -> Iterator[Manifest]:
    """Those of these kinds."""
    return (each for each in manifests if each["kind"] in kinds)
