"""The servers of one bus that is a cluster: what each is told of the others."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from libs.runtime.authority import CERTIFICATE, Authority, Leaf
from libs.runtime.credentials import write_secret
from libs.runtime.keys import Keys

#: A server's port for the others is its port for clients and so many more: 4222 and 6222, as everywhere.
ROUTES_ABOVE = 2000
#: The file in the folder of keys with the password by which the servers know each other, and the name of their certificate there.
SECRET = "routes.secret"  # noqa: S105 - the name of a file
LEAF = "routes"


@dataclass(frozen=True)
class Peers:
    """All servers of a cluster as `host:port` for clients. Its methods block: files are read and made.

    `name` is the cluster's: servers of two regions let each other in only when theirs differ.
    """

    keys: Keys
    servers: tuple[str, ...]
    name: str = "printbus"

    def told(self, server: str) -> list[str]:
        """The part of the configuration of `server`: where it hears the others, and where they are.

        They speak TLS to each other, both sides with a certificate of the authority in the folder of keys, and have a password.
        """
        leaf, authority = self._leaf, str(self.keys.path(CERTIFICATE))
        files = {"cert_file": str(leaf.certificate), "key_file": str(leaf.key), "ca_file": authority}
        secured = ", ".join(f"{name}: {json.dumps(file)}" for name, file in files.items())
        return [
            "cluster {",
            f"name: {self.name}",
            f"listen: {json.dumps(_route(server))}",
            f"tls {{ {secured}, timeout: 5 }}",
            *self.known(),
            "}",
        ]

    def known(self) -> list[str]:
        """Of that what is the same for all of them: the password, and where each is."""
        routes = [json.dumps(f"nats-route://printbus:{self._secret}@{_route(each)}") for each in self.servers]
        authorization = f"authorization {{ user: printbus, password: {json.dumps(self._secret)}, timeout: 5 }}"
        return [authorization, f"routes: [{', '.join(routes)}]"]

    def certify(self) -> Leaf:
        """The certificate by which they know each other, made when it is missing or not good any more."""
        return self._leaf

    @cached_property
    def _leaf(self) -> Leaf:
        names = [split(each)[0].strip("[]") for each in self.servers]
        return Authority(self.keys.path("")).leaf(names, LEAF, mutual=True)

    @cached_property
    def _secret(self) -> str:
        path = self.keys.path(SECRET)
        if not path.exists():
            write_secret(path, os.urandom(24).hex())
        return path.read_text()


def _route(server: str) -> str:
    host, port = split(server)
    return f"{host}:{int(port) + ROUTES_ABOVE}"


def split(server: str) -> tuple[str, str]:
    """Host and port of `host:port`."""
    host, _, port = server.rpartition(":")
    return host, port


def copies(servers: Sequence[str], wanted: int = 0) -> int:
    """How many servers keep each message: as many as are wanted, or three where there are so many; 0: nobody says."""
    return wanted or (3 if len(servers) >= 3 else 0)
