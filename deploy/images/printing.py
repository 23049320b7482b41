"""The overlay `local` on one node without a cluster: every service from its own image, and documents on paper."""

import base64
import io
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pypdfium2

from demo.documents import PAGE, word
from deploy.check import rendering
from deploy.contents import Source
from deploy.images.building import Builder
from deploy.images.node import Node, wrong
from deploy.images.pods import Mount, Pod, hosts, pods
from deploy.overlay import Overlay
from deploy.secrets import collected

NET = "10.88.0"
USER = 10001
#: Seconds until all are ready, and until all is printed.
STARTING, PRINTING = 240.0, 180.0
PAPER = {"paperConfig": {"width": 210, "height": 297}}
#: Name, task, and a word that must be on the paper: one document for each kind of converter.
DOCUMENTS: tuple[tuple[str, Callable[[], dict[str, Any]], str], ...] = (
    ("text", lambda: {"mediaSource": "STRING", "mediaFormat": "TEXT", "content": "printed from images", "config": PAPER}, "images"),
    ("html", lambda: {"mediaSource": "STRING", "mediaFormat": "HTML", "content": PAGE, "config": PAPER}, "makes 42"),
    ("word", lambda: {"mediaSource": "BASE64", "mediaFormat": "WORD", "content": base64.b64encode(word()).decode()}, "second page"),
)


class Failed(Exception):
    """It does not print; the sentence says what is missing, and where logs are."""


@dataclass
class Cluster:
    """The pods of an overlay, each started again when it ends, as a cluster does it."""

    node: Node
    builder: Builder
    found: list[Pod]
    names: Path
    logs: Path
    variables: Mapping[str, str] = field(default_factory=dict)  # in place of the manifests' own
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _roots: dict[str, Path] = field(default_factory=dict)
    restarts: int = 0

    def start(self) -> None:
        """All of them; those with an init container after that."""
        for pod in self.found:
            if pod.container.first and self._begin(pod).wait(60) != 0:
                raise Failed(f"{pod.name} did not begin: {self._log(pod)}")
        for pod in self.found:
            if not pod.container.first:
                self._running[pod.name] = self._begin(pod)

    def tend(self) -> list[str]:
        """Start again what ended; who is not ready yet, or not done."""
        waiting = []
        for pod in (pod for pod in self.found if not pod.container.first):
            code = self._running[pod.name].poll()
            if code is not None and (pod.container.serves or code != 0):
                self.restarts += 1
                self._running[pod.name] = self._begin(pod)
            if not (_ready(pod) if pod.container.serves else code == 0):
                waiting.append(pod.name)
        return waiting

    def check(self) -> None:
        """Raises `Failed` for a service that may do more than it needs."""
        for pod in (pod for pod in self.found if pod.container.serves):
            if sentence := wrong(self._running[pod.name], pod.user):
                raise Failed(f"{pod.name}: {sentence}")
        say(f"each of them runs as {USER}, without capabilities, on a root that cannot be written to")

    def _begin(self, pod: Pod) -> "subprocess.Popen[bytes]":
        key = f"{pod.name}/{pod.container.spec['name']}"
        if key not in self._roots:
            self._roots[key] = self.node.root(self.builder.layers(pod.stage.name), list(pod.mounts()), self.names)
        network = self.node.network(pod.address)
        return self.node.start(
            network,
            self._roots[key],
            pod.argv,
            {**pod.environment(), **self.variables},
            folder=pod.stage.folder,
            user=pod.user,
            log=self._log(pod),
        )

    def _log(self, pod: Pod) -> Path:
        return self.logs / f"{pod.name}.log"


def _ready(pod: Pod) -> bool:
    asked = pod.container.spec["readinessProbe"]["httpGet"]
    try:
        url = f"http://{pod.address}:{pod.container.port(asked['port'])}{asked['path']}"
        return httpx.get(url, trust_env=False, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def experiment(builder: Builder, folder: Path) -> None:
    """Print, and look at the paper. Raises `Failed`."""
    overlay = Overlay(rendering.rendered(rendering.overlays()["local"]))
    with Node(folder, NET) as node:
        secrets = _provisioned(node, builder, overlay, folder)
        found = pods(overlay.manifests, builder.stages, secrets, folder / "pods", NET)
        names = folder / "hosts"
        names.write_text(hosts(found, overlay.manifests))
        cluster = Cluster(node, builder, found, names, folder)
        cluster.start()
        until(cluster.tend, STARTING, "not ready", folder)
        say(f"{len({pod.name for pod in found})} pods are ready, {cluster.restarts} of them were started again before")
        cluster.check()
        gateway = next(pod.address for pod in found if pod.container.runs == "gateway")
        tasks = handed(f"http://{gateway}:39899", secrets["printbus-own"]["token"].decode())
        paper = folder / "pods" / "claims" / "data-printbus-agent-0" / "paper"
        until(lambda: missing(paper, cluster), PRINTING, "not on paper", folder)
        say(f"{len(tasks)} documents are on paper: {', '.join(tasks)}")


def _provisioned(node: Node, builder: Builder, overlay: Overlay, folder: Path) -> dict[str, Any]:
    """Keys, as the image with the verbs makes them; then what each Secret holds."""
    data, names = folder / "data", folder / "hosts"
    data.mkdir(parents=True)
    subprocess.run(["/bin/chown", f"{USER}:{USER}", str(data)], check=True)  # noqa: S603
    names.write_text("127.0.0.1 localhost\n")
    stage = builder.stages["tools"]
    root = node.root(builder.layers("tools"), [Mount(data, "/var/lib/printbus")], names)
    env = {**stage.environment, "PRINTBUS_REGION": overlay.region}
    log = folder / "provision.log"
    argv, network = [*stage.entrypoint, "provision"], node.network(f"{NET}.9")
    if node.start(network, root, argv, env, folder=stage.folder, user=USER, log=log).wait(120) != 0:
        raise Failed(f"provision failed: {log.read_text()[-2000:]}")
    made, _ = collected(Source(data, overlay, (), {}))
    return dict(made)


def handed(address: str, token: str) -> list[str]:
    """Hand the documents to the doors at this address; their names. Raises `Failed`."""
    for name, task, _ in DOCUMENTS:
        body = {"command": "newPrintTask", "data": {"task": {"name": name, "deviceName": "Paper", **task()}}}
        answer = httpx.post(
            f"{address}/openapi", json=body, headers={"Api-Access-Token": token}, trust_env=False, timeout=60
        ).json()
        if not answer["success"]:
            raise Failed(f"{name} was not accepted: {answer['message']}")
    return [name for name, _, _ in DOCUMENTS]


def missing(paper: Path, cluster: Cluster) -> list[str]:
    """Documents whose word is on no sheet."""
    cluster.tend()
    texts = [_text(sheet) for sheet in paper.glob("*.pdf")] if paper.is_dir() else []
    return [name for name, _, text in DOCUMENTS if not any(text in each for each in texts)]


def _text(sheet: Path) -> str:
    try:
        with pypdfium2.PdfDocument(io.BytesIO(sheet.read_bytes())) as document:
            return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)
    except pypdfium2.PdfiumError:
        return ""  # it is being written


def until(waiting: Callable[[], list[str]], patience: float, what: str, folder: Path) -> None:
    """Wait until nobody is waited for. Raises `Failed`, which names `what` is so after so many seconds, and where logs are."""
    end = time.monotonic() + patience
    while left := waiting():
        if time.monotonic() > end:
            raise Failed(f"after {patience:g} s {what}: {', '.join(left)}; logs are in {folder}")
        time.sleep(1)


def say(line: str) -> None:
    """Tell whoever waits for it."""
    sys.stdout.write(f"images: {line}\n")
    sys.stdout.flush()
