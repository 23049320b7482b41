"""The overlays, and what each of them says in the end."""

from pathlib import Path

import yaml

from deploy.check.findings import Manifest
from deploy.check.tools import ROOT, kustomize

OVERLAYS = ROOT / "deploy" / "k8s" / "overlays"


def overlays(folder: Path = OVERLAYS) -> dict[str, Path]:
    """All of them by name, such as `multi-region/east`."""
    return {str(path.parent.relative_to(folder)): path.parent for path in sorted(folder.rglob("kustomization.yaml"))}


def rendered(folder: Path) -> list[Manifest]:
    """The objects of one overlay. Raises `Unavailable`, and `ValueError` when it cannot be rendered."""
    return parsed(kustomize(folder))


def parsed(text: str) -> list[Manifest]:
    """Objects as kustomize writes them. Raises yaml's errors."""
    return [each for each in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if each]
