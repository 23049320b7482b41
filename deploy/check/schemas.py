"""Strict schemas: Kubernetes' own by kubernetes-validate, custom resources by what their projects publish for npm."""

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from deploy.check.findings import Finding, Manifest, name_of
from deploy.check.tools import PINNED, modules, node

RULE = "schema"
#: The oldest and the newest Kubernetes that the manifests are for.
VERSIONS = ("1.34", "1.37")
#: Groups of custom resources, and the npm package with their schemas.
PACKAGES = {
    "keda.sh": "keda",
    "gateway.networking.k8s.io": "gateway-api",
    "monitoring.coreos.com": "prometheus-operator",
    "postgresql.cnpg.io": "cloudnative-pg",
    "external-secrets.io": "external-secrets",
}
SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """What no schema knows, or knows to be otherwise. Raises `Unavailable` where custom resources' schemas are not at hand."""
    own = [each for each in manifests if _group(each) not in PACKAGES]
    custom = [each for each in manifests if _group(each) in PACKAGES]
    for manifest in own:
        wrong = {sentence: version for version in VERSIONS for sentence in _sentences(_text(manifest), version)}
        yield from (Finding(RULE, name_of(manifest), f"{sentence} (Kubernetes {version})") for sentence, version in wrong.items())
    if custom:
        for manifest, found in zip(custom, _asked_node(_text(custom)), strict=True):
            yield from (Finding(RULE, name_of(manifest), sentence) for sentence in found)


@cache
def _sentences(text: str, version: str) -> tuple[str, ...]:
    """What is wrong with one object; the same one stands in several overlays, and is looked at once."""
    manifest = json.loads(text)
    validator = _validator(manifest["apiVersion"], manifest["kind"], version)
    if validator is None:
        return (f"there is no {manifest['kind']} in {manifest['apiVersion']}",)
    errors = validator.iter_errors(manifest)
    return tuple(f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in errors)


@cache
def _validator(api_version: str, kind: str, version: str) -> Any:
    folder = SCHEMAS / f"v{version}.0-local-strict"
    group, _, revision = api_version.rpartition("/")
    name = "-".join(filter(None, (kind.lower(), group.partition(".")[0], revision)))
    try:
        schema = json.loads((folder / f"{name}.json").read_text())
    except FileNotFoundError:
        return None
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ _definitions(folder))


@cache
def _definitions(folder: Path) -> Any:
    return Resource.from_contents(json.loads((folder / "_definitions.json").read_text())) @ Registry()


@cache
def _asked_node(text: str) -> list[list[str]]:
    asked = [(f"@kubernetes-models/{PACKAGES[_group(each)]}", each["apiVersion"], each["kind"], each) for each in json.loads(text)]
    argv = [node(), str(PINNED / "validate.mjs"), str(modules())]
    done = subprocess.run(argv, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    answers: list[list[str]] = json.loads(done.stdout)
    return answers


def _group(manifest: Manifest) -> str:
    return str(manifest["apiVersion"]).rpartition("/")[0]


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
