"""What regions tell each other before they are joined, and how their servers are joined (design.md section 8).

A link file is a secret: whoever has it may submit to that region and ask what doors ask.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from libs.contracts.permissions import link_permissions
from libs.runtime.authority import CERTIFICATE, Authority
from libs.runtime.credentials import write_secret
from libs.runtime.issuing import Issuer
from libs.runtime.keys import ACCOUNT_PUBLIC, SEAL_PUBLIC, UPLOAD_KEY, Keys

#: The name of the certificate with which a server listens for other regions.
LEAF = "link"
#: Seconds between two tries to reach another region.
RECONNECT = 1


class BadLink(ValueError):
    """The file is no link file; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Link:
    """One region as another one sees it.

    `addresses` are `host:port` at which its servers listen for others, none: it listens for nobody. `credentials` let the other
    in there, `authority` (PEM) is behind their certificate. `seal` is the public key of its converters, and `uploads` the key of
    the addresses that its gateways hand out, both in base64. `issuer` are the public keys with which it signs access tokens, a JWK
    set (RFC 7517) in JSON; empty: nobody has told them.
    """

    region: str
    addresses: tuple[str, ...]
    credentials: str
    authority: str
    seal: str
    uploads: str
    issuer: str = ""

    def dialed_by(self, region: str, *, listens: bool) -> bool:
        """Whether `region`, which listens itself or not, calls this one: one of two does, for two links would be a circle."""
        return bool(self.addresses) and (not listens or self.region < region)


def read_link(path: Path) -> Link:
    """What another region made. Raises `BadLink`."""
    try:
        told = json.loads(path.read_text())
        known = {field.name: told[field.name] for field in fields(Link) if field.name in told}  # a later version may tell more
        return Link(**{**known, "addresses": tuple(told["addresses"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadLink(f"{path} is no link file, as `python -m services link` makes them: {type(error).__name__}") from error


def link_user(region: str) -> str:
    """The user of this region's bus as which another one comes in."""
    return f"link-{region}"


def forget_link(keys: Keys, region: str) -> bool:
    """Let a region in no more, and forget what it told; whether it was ever told of this one. Blocking."""
    for name in _told_by(region):
        keys.path(name).unlink(missing_ok=True)
    return keys.withdraw(link_user(region))


def make_link(keys: Keys, region: str, others: Sequence[str], addresses: Sequence[str]) -> Link:
    """What `others[0]` is to be told of this region, which is, or will be, joined with all `others`; blocking."""
    credentials = keys.issue(link_user(others[0]), link_permissions((region, *others))).read_text()
    authority = Authority(keys.path("")).leaf(_hosts(addresses), LEAF) and keys.path(CERTIFICATE).read_text() if addresses else ""
    seal, uploads = (base64.b64encode(keys.path(name).read_bytes()).decode() for name in (SEAL_PUBLIC, UPLOAD_KEY))
    issuer = json.dumps(Issuer(keys.path("")).jwks())
    return Link(region, tuple(addresses), credentials, authority, seal, uploads, issuer)


def linked(files: Sequence[Path]) -> tuple[Link, ...]:
    """All that were told. Raises `BadLink`; two of one region are one too many."""
    found = tuple(map(read_link, files))
    if len({link.region for link in found}) < len(found):
        raise BadLink("two link files are of the same region")
    return found


def write_link(link: Link, path: Path) -> None:
    """The file to be handed over, readable by its owner only."""
    write_secret(path, json.dumps(asdict(link), indent=1) + "\n")


@dataclass(frozen=True)
class Links:
    """How the servers of a region are joined with others: at which `addresses` (none: it calls them), and by what these told.

    Its methods block: files are read and made.
    """

    keys: Keys
    region: str
    addresses: tuple[str, ...]
    others: tuple[Link, ...]
    host: str = "0.0.0.0"

    def told(self, number: int = 0) -> list[str]:
        """The part of the configuration of the server of this number: it listens at `host`, at the port of its address."""
        listening: list[str] = []
        if self.addresses:
            leaf = Authority(self.keys.path("")).leaf(_hosts(self.addresses), LEAF)
            port = self.addresses[min(number, len(self.addresses) - 1)].rpartition(":")[2]
            files = f"cert_file: {json.dumps(str(leaf.certificate))}, key_file: {json.dumps(str(leaf.key))}"
            listening = [f"listen: {json.dumps(f'{self.host}:{port}')}", f"tls {{ {files}, timeout: 5 }}"]
        dialed = [self._remote(link) for link in self.others if link.dialed_by(self.region, listens=bool(self.addresses))]
        remotes = [f"reconnect: {RECONNECT}s", f"remotes: [{', '.join(dialed)}]"] if dialed else []
        return ["leafnodes {", *listening, *remotes, "}"] if listening or remotes else []

    def _remote(self, link: Link) -> str:
        credentials, authority = map(self.keys.path, _told_by(link.region))
        write_secret(credentials, link.credentials)
        write_secret(authority, link.authority)
        urls = ", ".join(json.dumps(f"tls://{address}") for address in link.addresses)
        account = self.keys.path(ACCOUNT_PUBLIC).read_text()
        secured = f"tls {{ ca_file: {json.dumps(str(authority))}, timeout: 5 }}"
        return f"{{ urls: [{urls}], account: {json.dumps(account)}, credentials: {json.dumps(str(credentials))}, {secured} }}"


def _told_by(region: str) -> tuple[str, str]:
    """Names of the files with another region's credentials and authority."""
    return f"to-{region}.creds", f"to-{region}.pem"


def _hosts(addresses: Sequence[str]) -> list[str]:
    return [address.rpartition(":")[0].strip("[]") for address in addresses]
