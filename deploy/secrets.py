"""`python -m deploy.secrets OVERLAY`: the Secrets that an overlay names, as YAML for `kubectl apply -f -` or as JSON for a store.

The data folder is the one of PRINTBUS_DATA_DIR, made by `python -m services provision`; files of other regions are those of
PRINTBUS_LINKS. Nothing of it is ever written to a terminal.
"""

import argparse
import base64
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from deploy.check import rendering
from deploy.check.findings import Manifest
from deploy.check.tools import Unavailable
from deploy.contents import Contents, Missing, Source
from deploy.overlay import Overlay
from libs.runtime.credentials import write_secret
from libs.runtime.logs import configure
from libs.runtime.settings import SettingsError, read
from services.registry.settings import RegistrySettings


def main(arguments: list[str] | None = None) -> int:
    """Write them; the exit code: 0 well, 1 something that is needed is missing, 2 something was said wrongly."""
    said = _parser().parse_args(arguments)
    configure("console", "warning")  # what is logged is no part of the YAML
    if said.store is None and said.out is None and sys.stdout.isatty():
        sys.stderr.write("secrets: not shown on a terminal: pipe them to `kubectl apply -f -`, or say --out or --store\n")
        return 2
    try:
        overlay = Overlay(_rendered(said))
        settings = read(RegistrySettings, region=overlay.region)
        source = Source(settings.data_dir, overlay, settings.links, os.environ)
        made, left = collected(source, said.only)
    except (Missing, SettingsError, Unavailable, yaml.YAMLError, ValueError, OSError) as error:
        sys.stderr.write(f"secrets: {error}\n")
        return 1
    for name, why in left.items():
        sys.stderr.write(f"secrets: {name} is not among them: {why}\n")
    _write(said, overlay, made)
    return 0


def collected(source: Source, only: list[str] | None = None) -> tuple[dict[str, Contents], dict[str, str]]:
    """What is in each Secret that is named, and why which of them cannot be made here.

    Raises `Missing` for what `provision` makes, and for one of `only`.
    """
    made: dict[str, Contents] = {}
    left: dict[str, str] = {}
    for name in only or source.overlay.secrets:
        try:
            made[name] = source.contents(name)
        except Missing as error:
            if only or not left_to_others(name):
                raise
            left[name] = str(error)
    return made, left


def left_to_others(secret: str) -> bool:
    """Whether an installation may have it from elsewhere."""
    return secret.startswith(("printbus-database", "printbus-documents", "printbus-https"))


def manifest(name: str, namespace: str, contents: Contents) -> Mapping[str, object]:
    """One Secret as Kubernetes has it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "printbus"}},
        "data": _encoded(contents),
    }


def write_store(folder: Path, made: Mapping[str, Contents]) -> None:
    """`<folder>/gateway.json` for printbus-gateway, values in base64: what `components/external-secrets` asks a store for."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, contents in made.items():
        write_secret(folder / f"{name.removeprefix('printbus-')}.json", json.dumps(_encoded(contents), indent=1) + "\n")


def _encoded(contents: Contents) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in sorted(contents.items())}


def _write(said: argparse.Namespace, overlay: Overlay, made: Mapping[str, Contents]) -> None:
    if said.store:
        write_store(said.store, made)
        return
    told = yaml.safe_dump_all([manifest(name, overlay.namespace, each) for name, each in made.items()], sort_keys=False)
    if said.out:
        write_secret(said.out, told)
    else:
        sys.stdout.write(told)


def _rendered(said: argparse.Namespace) -> list[Manifest]:
    if said.rendered:
        text = sys.stdin.read() if str(said.rendered) == "-" else said.rendered.read_text()
        return rendering.parsed(text)
    overlays = rendering.overlays()
    if said.overlay not in overlays:
        raise Missing(f"there is no overlay {said.overlay}: write one of {', '.join(overlays)}, or --rendered with one of your own")
    return rendering.rendered(overlays[said.overlay])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.secrets", description=(__doc__ or "").partition("\n")[2])
    parser.add_argument("overlay", nargs="?", default="", help="one of deploy/k8s/overlays, such as local")
    parser.add_argument("--rendered", type=Path, help="instead: what `kustomize build` said of an overlay of yours, -: stdin")
    parser.add_argument("--only", action="append", metavar="SECRET", help="this one alone; may be said several times")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, help="a file for the YAML; default: standard output, which must not be a terminal")
    where.add_argument("--store", type=Path, help="a folder for JSON, a file for each Secret, for a store such as Vault")
    return parser


if __name__ == "__main__":
    sys.exit(main())
