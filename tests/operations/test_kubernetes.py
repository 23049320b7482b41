"""What docs/operations.md says to a cluster names what the manifests have; no cluster is at hand, so that it is not said."""

import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest

from deploy.check import rendering
from deploy.check.findings import Manifest
from deploy.check.tools import Unavailable, modules
from tests.operations.page import PAGE

OVERLAY = "single-region"
#: Services that CloudNativePG makes of a cluster of its own accord.
MADE = ("-rw", "-ro", "-r")
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^ {4}(.+)$", re.MULTILINE)
_WITHIN = re.compile(r"`([^`]+)`")
_OF_CLUSTERS = re.compile(r"\b(kubectl|kustomize|deploy\.secrets) ")


def lines() -> list[str]:
    """Every line of the page that speaks of a cluster, whether it stands by itself or in a sentence; without what is said of it."""
    text = _BLOCK.sub("", PAGE.read_text())
    found = [*_LINE.findall(text), *(" ".join(each.split()) for each in _WITHIN.findall(_LINE.sub("", text)))]
    return [re.split(r" {3,}", each)[0] for each in found if _OF_CLUSTERS.search(each)]


def commands(line: str) -> Iterator[list[str]]:
    """The words of each command of a line."""
    for piece in line.removesuffix("&").split("|"):
        yield [word for word in shlex.split(piece) if not word.startswith("PRINTBUS_")]


@cache
def names(overlay: str) -> dict[str, set[str]]:
    """Kind in small letters -> the names that there are."""
    found: dict[str, set[str]] = {}
    for each in manifests(overlay):
        found.setdefault(each["kind"].lower(), set()).add(each["metadata"]["name"])
        assert each["metadata"].get("namespace", "printbus") == "printbus"
    found["svc"] = found["service"] | {f"{each}{end}" for each in found["cluster"] for end in MADE}
    return found


@cache
def manifests(overlay: str) -> list[Manifest]:
    return rendering.rendered(rendering.overlays()[overlay])


def test_every_line_for_a_cluster_names_what_there_is():
    try:
        modules()
    except Unavailable as error:
        pytest.skip(str(error))
    said = lines()
    assert len(said) >= 12, said
    for line in said:
        for words in commands(line):
            CHECKS[words[0]](words)


def of_kubectl(words: list[str]) -> None:
    """Of our namespace, a verb that is looked at here, and objects that there are."""
    if words == ["kubectl"] or words[1:] == ["apply", "-f", "-"]:  # objects say their namespace themselves
        return
    assert words[1:3] == ["-n", "printbus"], words
    verb, *rest = [each for each in words[3:] if not each.startswith("--")]
    there = names(OVERLAY)
    if verb == "port-forward":
        kind, name = rest[0].split("/")
        assert name in there[kind], words
        ports = {str(port["port"]) for each in manifests(OVERLAY) if each["metadata"]["name"] == name for port in _ports(each)}
        assert rest[1] in ports or name.endswith(MADE), words
        return
    if verb == "rollout":
        assert rest.pop(0) == "restart", words
    kind, *objects = rest
    assert kind in there or (verb, kind) == ("get", "pods"), words
    assert set(objects) <= there.get(kind, set()), words
    assert verb in ("get", "delete", "scale", "rollout"), words


def _ports(manifest: Manifest) -> list[dict[str, int]]:
    return manifest["spec"].get("ports", []) if manifest["kind"] == "Service" else []


def of_kustomize(words: list[str]) -> None:
    """An overlay that there is."""
    assert words[1] == "build", words
    assert words[2].removeprefix("deploy/k8s/overlays/") in rendering.overlays(), words


def of_python(words: list[str]) -> None:
    """Secrets of an overlay that there is; other verbs are said elsewhere."""
    if words[2] == "deploy.secrets":
        assert words[3] in rendering.overlays(), words


CHECKS = {"kubectl": of_kubectl, "kustomize": of_kustomize, "python": of_python}


def test_paths_of_manifests_that_the_page_names_are_there():
    for path in re.findall(r"deploy/k8s/[\w/-]+", PAGE.read_text()):
        assert (PAGE.parents[1] / path).exists(), path
