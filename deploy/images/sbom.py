"""`make sbom`: what is in each image, as CycloneDX: its Python packages, and the Debian packages where it is built."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.check.environment import Environment
from deploy.check.tools import ROOT, Unavailable
from deploy.images.dockerfile import Stage

#: cyclonedx-py has an environment of its own: it is a tool of whoever releases, and no package of ours.
ENVIRONMENT = Environment(ROOT / ".setup" / "sbom", Path(__file__).with_name("sbom.lock"), patience=600)
REQUIREMENTS = ROOT / "requirements.lock"


def pinned(image: str, lock: str) -> str:
    """The entries of the lock file that are in an image, as docker/install/packages.sh takes them."""
    wanted = set((ROOT / "docker" / "packages" / f"{image}.txt").read_text().split())
    entries = re.split(r"(?m)^(?=[a-z0-9])", lock)
    return "".join(each for each in entries if each.partition("==")[0] in wanted)


def write(image: str, stage: Stage, folder: Path, layers: tuple[Path, ...] = ()) -> Path:
    """`<folder>/<image>.cdx.json`; with Debian packages where `layers` of the built image are given. Raises `Unavailable`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{image}.cdx.json"
    told = _packages(image)
    told["metadata"]["component"] = {
        "type": "container",
        "bom-ref": f"printbus/{image}",
        "name": f"printbus/{image}",
        "version": stage.labels.get("org.opencontainers.image.version", ""),
        "description": stage.labels.get("org.opencontainers.image.description", ""),
    }
    told["components"] = [*told.get("components", ()), *_debian(layers)]
    path.write_text(json.dumps(told, indent=1) + "\n")
    return path


def _packages(image: str) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pinned(image, REQUIREMENTS.read_text()))
        file.flush()
        argv = [
            str(ENVIRONMENT.program("cyclonedx-py")),
            "requirements",
            file.name,
            "--output-format",
            "JSON",
            "--spec-version",
            "1.6",
        ]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Unavailable(f"cyclonedx-py failed: {done.stderr[-300:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _debian(layers: tuple[Path, ...]) -> Iterator[Mapping[str, Any]]:
    """By the uppermost list of dpkg."""
    lists = [layer / "var/lib/dpkg/status" for layer in reversed(layers)]
    text = next((path.read_text() for path in lists if path.is_file()), "")
    for entry in filter(None, text.split("\n\n")):
        said = dict(re.findall(r"(?m)^(Package|Version|Architecture|Status): (.*)$", entry))
        if said.get("Status", "").endswith(" installed"):
            version = quote(said["Version"], safe="~")
            purl = f"pkg:deb/debian/{said['Package']}@{version}?arch={said['Architecture']}"
            yield {"type": "library", "bom-ref": purl, "name": said["Package"], "version": said["Version"], "purl": purl}
