"""The servers' configuration in the manifests: nats-server takes it, with the Secrets of `provision`, and it is the one of ours."""

import re
import subprocess

import pytest

from deploy.contents import Source
from libs.runtime.keys import Keys
from libs.runtime.links import Links
from libs.runtime.natsserver import Outside, binary, configuration
from libs.runtime.peers import Peers
from tests.deploy.region import GIVEN, overlay

#: What is the same wherever a server of ours runs.
SAME = (
    "max_payload",
    "max_control_line",
    "max_pending",
    "write_deadline",
    "sync_interval",
    "handshake_first",
    "default_max_consumers",
    "max_msgs",
    "name",
)


@pytest.fixture(scope="module")
def sources(regions, local):
    return {"local": Source(local, overlay("local"), (), GIVEN), "east": regions["east"], "west": regions["west"]}


def laid_out(source, folder):
    """As the pod has it: the ConfigMap beside the Secret; its own folders are below `folder`."""
    manifests = source.overlay.manifests
    told = next(each["data"]["nats.conf"] for each in manifests if each["kind"] == "ConfigMap" and "nats.conf" in each["data"])
    for place in ("config", "secret"):
        (folder / place).mkdir(parents=True)

    def moved(text):
        return text.replace("/etc/nats/", f"{folder}/").replace('"/data', f'"{folder}/data')

    for name, content in source.contents("printbus-nats").items():
        (folder / "secret" / name).write_text(moved(content.decode()))
    path = folder / "config" / "nats.conf"
    path.write_text(moved(told))
    return path


def refused(path, region):
    env = {"POD_NAME": "printbus-nats-1", "REGION": region}
    return subprocess.run([binary(), "-t", "-c", str(path)], capture_output=True, text=True, env=env, timeout=20, check=False)


@pytest.mark.parametrize("name", ["local", "east", "west"])
def test_the_server_takes_it(sources, tmp_path, name):
    source = sources[name]
    path = laid_out(source, tmp_path)
    done = refused(path, source.overlay.region)
    assert done.returncode == 0, done.stderr
    path.write_text(path.read_text().replace("max_payload", "max_paylod"))
    assert refused(path, source.overlay.region).returncode != 0


def said(text):
    """Each setting's values, in one spelling."""
    found = re.findall(r"(?m)(\w+):[ \t]*(\"[^\"]*\"|[\w.-]+)", re.sub(r"(?m)#.*$", "", text))
    return {name: sorted({value.strip('"') for key, value in found if key == name}) for name in {key for key, _ in found}}


@pytest.mark.parametrize("name", ["local", "west"])
def test_it_is_what_our_own_server_is_told(sources, tmp_path, name):
    source = sources[name]
    path = laid_out(source, tmp_path / "pod")
    parts = [path.read_text(), *((path.parent.parent / "secret" / part).read_text() for part in ("routes.conf", "links.conf"))]
    here = said("\n".join(parts[: 1 if name == "local" else 3]))
    keys = Keys(source.data / "keys")
    alone = name == "local"
    peers = None if alone else Peers(keys, source.overlay.servers, "printbus-west")
    links = None if alone else Links(keys, "west", source.overlay.links, source._others)
    reached = Outside(tls_port=4222, websocket_port=8443, names=source.overlay.outside)
    ours = configuration(
        keys,
        tmp_path,
        name="any",
        host=source.overlay.servers[0].partition(":")[0],
        port=4222,
        outside=reached,
        peers=peers,
        links=links,
    )
    there = said(ours)
    for setting in SAME:
        assert here.get(setting) == there.get(setting), setting
    assert "domain: $REGION\n" in parts[0]
    if not alone:
        assert there["domain"] == ["west"]
        for setting in ("reconnect", "user", "password", "timeout", "ping_interval", "ping_max"):
            assert here.get(setting) == there.get(setting), setting
        for piece in ('listen: "0.0.0.0:7422"', 'urls: ["tls://links.east.print.example.org:7422"]', "no_advertise"):
            assert (piece in parts[2]) == (piece in ours), piece
