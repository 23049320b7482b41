"""This machine as others name it."""

import ipaddress
import socket

import psutil


def ipv4_addresses() -> tuple[str, ...]:
    """The IPv4 addresses of the network cards that are up; loopback only when there is nothing else."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}  # type: ignore[no-untyped-call]
    found = [
        ipaddress.IPv4Address(address.address)
        for name, addresses in psutil.net_if_addrs().items()  # type: ignore[no-untyped-call]
        if name in up
        for address in addresses
        if address.family == socket.AF_INET
    ]
    outward = [each for each in found if not each.is_loopback]
    return tuple(str(each) for each in outward or found)


def near(host: str) -> str:
    """Where this machine itself reaches who listens at `host`, as a URL has it (RFC 3986 section 3.2.2 for IPv6)."""
    anywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}
    return anywhere.get(host) or bracketed(host)


def bracketed(host: str) -> str:
    """A host as a URL has it."""
    return f"[{host}]" if ":" in host else host


def is_own(host: str) -> bool:
    """Whether a host, as a URL has it without brackets, is an address of this machine: one of a network card's, or loopback."""
    try:
        wanted = ipaddress.ip_address(host)
    except ValueError:
        return False
    known = (each.address.partition("%")[0] for addresses in psutil.net_if_addrs().values() for each in addresses)  # type: ignore[no-untyped-call]
    return wanted.is_loopback or str(wanted) in known
