"""Which addresses we go to for somebody else: the rules, and the only place that resolves names and connects for them."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from libs.runtime.lookup import Lookups, Slow

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_CONNECT = 10.0
#: Addresses that wrap an IPv4 address which the packet reaches in the end: NAT64, 6to4, IPv4-compatible.
_NAT64, _SIX_TO_FOUR, _COMPATIBLE = IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"), IPv6Network("::/96")
#: Not called private by every Python: IETF protocol assignments.
_PROTOCOL = IPv4Network("192.0.0.0/24")
_SITE_LOCAL = IPv6Network("fec0::/10")
#: Where clouds tell a machine its own secrets: nobody's to reach, however generously networks are allowed.
_METADATA = frozenset(map(ip_address, ("169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254")))


class Forbidden(Exception):
    """A host leads to no address that may be reached; the text names the host and nothing else."""

    def __init__(self, host: str, setting: str) -> None:
        super().__init__(
            f"{host} is not on the public network and may not be reached; an administrator can allow its network in {setting}."
        )


class Unknown(Exception):
    """A host's name leads nowhere."""

    def __init__(self, host: str) -> None:
        super().__init__(f"The host {host} does not exist.")


class Unreachable(Exception):
    """A host does not answer now; it may later."""


def inner(address: Address) -> Address:
    """The address that is really reached: the IPv4 one within an IPv6 one that wraps it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
            return IPv4Address(int(address) & 0xFFFFFFFF)
        if address in _SIX_TO_FOUR:
            return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


def public(address: Address) -> bool:
    """Whether an address is anybody's to reach: not loopback, private, link-local, metadata, multicast, reserved or wrapped so."""
    real = inner(address)
    if real in _METADATA or real in _PROTOCOL or (isinstance(real, IPv6Address) and (real in _SITE_LOCAL or real.teredo)):
        return False
    return real.is_global and not (real.is_multicast or real.is_reserved or real.is_unspecified)


class Guard:
    """Resolves and connects, to vetted addresses only: public ones, and those of the allowed networks.

    `setting` is for the sentence that refuses a host: where an administrator allows networks.
    """

    def __init__(self, allowed: Sequence[Network], setting: str = "the settings") -> None:
        self._allowed = tuple(allowed)
        self._setting = setting
        self._lookups = Lookups()

    def allows(self, address: Address) -> bool:
        """Whether this address may be reached."""
        real = inner(address)
        if real in _METADATA:
            return False
        return public(address) or any(real.version == network.version and real in network for network in self._allowed)

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be reached. Raises `Forbidden`, `Unknown` or `Unreachable`."""
        try:
            literals = await self._lookups.addresses(host, port)
        except Slow:
            raise Unreachable(f"The name of {host} cannot be resolved now.") from None
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise Unreachable(f"The name of {host} cannot be resolved now.") from None
            raise Unknown(host) from None
        except (UnicodeError, ValueError, OverflowError):
            raise Unknown(host) from None
        vetted = [literal for literal in literals if self.allows(ip_address(literal.partition("%")[0]))]
        if not vetted:
            raise Forbidden(host, self._setting)
        return vetted

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first vetted address of `host` that answers. Raises as `addresses` does."""
        for address in await self.addresses(host, port):
            try:
                async with asyncio.timeout(_CONNECT):
                    return await asyncio.open_connection(address, port)
            except (OSError, TimeoutError):
                continue
        raise Unreachable(f"{host} does not answer.")
