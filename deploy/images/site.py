"""The overlay `site` on one node without a cluster: all services from the image `embedded`, and documents on paper.

Its region is away, as it may be for days: the site accepts and prints all the same.
"""

import subprocess
from pathlib import Path

from deploy.check import rendering
from deploy.contents import Contents
from deploy.images.building import Builder
from deploy.images.node import Node
from deploy.images.pods import Mount, hosts, pods
from deploy.images.printing import NET, PRINTING, STARTING, USER, Cluster, Failed, handed, missing, say, until
from deploy.overlay import Overlay

IMAGE = "embedded"
#: The region that the overlay names, and where nobody is.
REGION, NOWHERE = "eu", "127.0.0.1:7422"
PAPER = "/var/lib/printbus/paper"


def experiment(builder: Builder, folder: Path) -> None:
    """Print, and look at the paper. Raises `Failed`."""
    overlay = Overlay(rendering.rendered(rendering.overlays()["site"]))
    with Node(folder, NET) as node:
        secrets = {"printbus-links": _link(node, builder, overlay.region, folder)}
        (pod,) = found = pods(overlay.manifests, builder.stages, secrets, folder / "pods", NET)
        names = folder / "hosts"
        names.write_text(hosts(found, overlay.manifests))
        printers = {"PRINTBUS_PRINTERS": f'["file://{PAPER}?name=Paper"]'}
        cluster = Cluster(node, builder, found, names, folder, printers)
        cluster.start()
        until(cluster.tend, STARTING, "not ready", folder)
        say(f"{pod.name} is ready, and was started again {cluster.restarts} times before")
        cluster.check()
        data = folder / "pods" / "claims" / f"data-{pod.name}"
        tasks = handed(f"http://{pod.address}:39899", (data / "token").read_text().strip())
        until(lambda: missing(data / Path(PAPER).name, cluster), PRINTING, "not on paper", folder)
        say(f"{len(tasks)} documents are on the site's paper: {', '.join(tasks)}")


def _link(node: Node, builder: Builder, site: str, folder: Path) -> Contents:
    """What the region would have told the site: made by its verbs, from the same image."""
    data, names = folder / "region", folder / "hosts"
    data.mkdir(parents=True)
    subprocess.run(["/bin/chown", f"{USER}:{USER}", str(data)], check=True)  # noqa: S603
    names.write_text("127.0.0.1 localhost\n")
    stage, file = builder.stages[IMAGE], f"{REGION}.link"
    root = node.root(builder.layers(IMAGE), [Mount(data, "/var/lib/printbus")], names)
    env = {**stage.environment, "PRINTBUS_REGION": REGION, "PRINTBUS_LINK_ADDRESSES": f'["{NOWHERE}"]'}
    log, network = folder / "region.log", node.network(f"{NET}.9")
    for verb in (["provision"], ["link", site, "--out", f"/var/lib/printbus/{file}"]):
        running = node.start(network, root, [*stage.entrypoint, *verb], env, folder=stage.folder, user=USER, log=log)
        if running.wait(120) != 0:
            raise Failed(f"{verb[0]} failed: {log.read_text()[-2000:]}")
    return {file: (data / file).read_bytes()}
