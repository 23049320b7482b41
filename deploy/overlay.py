"""What an overlay says of its installation: its region, its servers, where others reach them, and the Secrets that it names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from deploy.check.findings import Manifest, of_kind
from deploy.check.pods import containers
from deploy.check.rules.references import named
from deploy.check.variables import values

#: The StatefulSet of the bus, and nats-server's port for clients.
BUS, CLIENTS = "printbus-nats", 4222


@dataclass(frozen=True)
class Overlay:
    """The objects of one, as rendered, and what can be read from them."""

    manifests: list[Manifest]
    given: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Settings that several services have are the same in all."""
        told = {name: value for each in containers(self.manifests) for name, value in values(each, self.manifests).items()}
        object.__setattr__(self, "given", told)

    @property
    def region(self) -> str:
        """Its name."""
        return self.given["PRINTBUS_REGION"]

    @property
    def namespace(self) -> str:
        """Where all of it lies."""
        return next(str(each["metadata"]["name"]) for each in of_kind(self.manifests, "Namespace"))

    @property
    def servers(self) -> tuple[str, ...]:
        """The bus's servers as `host:port` for clients; none: it is inside one of our processes."""
        for each in of_kind(self.manifests, "StatefulSet"):
            if each["metadata"]["name"] == BUS:
                numbers = range(each["spec"]["replicas"])
                return tuple(f"{BUS}-{number}.{each['spec']['serviceName']}:{CLIENTS}" for number in numbers)
        return ()

    @property
    def outside(self) -> tuple[str, ...]:
        """Names by which agents outside reach the bus."""
        urls = json.loads(self.given.get("PRINTBUS_AGENT_URLS") or "[]")
        return tuple(dict.fromkeys(str(urlsplit(url).hostname) for url in urls))

    @property
    def links(self) -> tuple[str, ...]:
        """Where other regions reach its servers, as `host:port`."""
        return tuple(json.loads(self.given.get("PRINTBUS_LINK_ADDRESSES") or "[]"))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the Secrets that its pods are given."""
        found = {name for each in containers(self.manifests) for kind, name, _ in named(each) if kind == "Secret"}
        return tuple(sorted(found))
