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
