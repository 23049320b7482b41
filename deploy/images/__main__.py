"""`python -m deploy.images`: `build` root file systems of images, `print` with all, or as a `site`; `sbom`: what is in each."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.check.tools import ROOT, Unavailable
from deploy.contents import Missing
from deploy.images import dockerfile, sbom, site
from deploy.images.building import Builder
from deploy.images.printing import Failed, experiment
from libs.runtime.logs import configure

#: Those that are no image of ours, but on the way to one.
INNER = ("base", "engines", "printing", "code", "builder")
FOLDER = ROOT / ".setup" / "images"


def images(stages: dict[str, dockerfile.Stage]) -> list[str]:
    """The targets that are images."""
    return [name for name in stages if name not in INNER and not name.endswith("-packages")]


def main() -> int:
    """Build, and what is asked."""
    parser = argparse.ArgumentParser(prog="python -m deploy.images")
    parser.add_argument("what", choices=["build", "print", "site", "sbom"])
    parser.add_argument("images", nargs="*", help="targets of docker/Dockerfile; default: all")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where layers are kept")
    parser.add_argument("--logs", type=Path, help="a new folder for logs and volumes, which is kept; default: one that is not")
    said = parser.parse_args()
    configure("console", "warning")
    stages = dockerfile.read()
    builder = Builder(said.folder, stages)
    if said.what == "sbom":
        return _told(builder, said.images or images(stages))
    if os.geteuid() != 0:
        sys.stderr.write("images: this needs root: it mounts, and makes namespaces\n")
        return 2
    if os.environ.get("PRINTBUS_IMAGES") != "apart":  # mounts are nobody else's, and go with us
        os.execve(  # noqa: S606
            "/usr/bin/unshare",
            ["/usr/bin/unshare", "--mount", "--propagation", "private", sys.executable, "-m", "deploy.images", *sys.argv[1:]],
            {**os.environ, "PRINTBUS_IMAGES": "apart"},
        )
    try:
        for name in said.images or ([site.IMAGE] if said.what == "site" else images(stages)):
            builder.layers(name)
        if said.what != "build":
            _print(builder, said.logs, [site.experiment] if said.what == "site" else [experiment, site.experiment])
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"images: {' '.join(error.cmd)[-200:]}\n{error.stdout}\n")
        return 1
    except (Failed, Missing, Unavailable) as error:
        sys.stderr.write(f"images: {error}\n")
        return 1
    return 0


def _told(builder: Builder, wanted: list[str]) -> int:
    try:
        for name in wanted:
            path = sbom.write(name, builder.stages[name], builder.folder.parent / "bom", builder.built(name))
            sys.stdout.write(f"images: {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}\n")
    except Unavailable as error:
        sys.stderr.write(f"images: {error}\n")
        return 1
    return 0


def _print(builder: Builder, kept: Path | None, experiments: Sequence[Callable[[Builder, Path], None]]) -> None:
    """One after the other, each in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="printbus-images-") as passing:
        for number, print_ in enumerate(experiments):
            folder = (kept.absolute() if kept else Path(passing)) / str(number)
            folder.mkdir(parents=True)
            print_(builder, folder)


if __name__ == "__main__":
    sys.exit(main())
