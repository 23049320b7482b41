"""How an address that somebody gives us must be written before we ever go there: scheme, host and port (RFC 6454)."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import urlsplit

#: A last label of digits is an IPv4 address to a resolver, in whatever base and length (RFC 3986 section 7.4).
_NUMERIC = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)
_HOST = re.compile(r"[^\x00-\x20\x7f%\\/?#@<>\"{}|^`]+")
_USUAL = {"http": 80, "https": 443}
#: Ports above 1023 where an HTTP request does harm: databases, caches, brokers, and printers that print whatever comes.
_SPOKEN_FOR = frozenset((1433, 1521, 2049, 3306, 3389, 4190, 4222, 5060, 5432, 5900, 6379, 6667, 9100, 9101, 9102, 11211, 27017))


class Unfit(Exception):
    """An address that cannot be used as it is written; the sentence says what to write instead, and shows nothing of it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an address leads; `host` in lower case and without brackets."""

    scheme: str
    host: str
    port: int


def is_web(url: str) -> bool:
    """Whether this can be an address at all: for those of people who may lead us anywhere."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _USUAL and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def origin_of(url: str) -> Origin:
    """Where an address leads, by its writing alone: whether one may go there is the guard's word. Raises `Unfit`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Unfit("write an address such as https://example.org/printing") from None
    if parts.scheme not in _USUAL or not _HOST.fullmatch(host) or not url.isprintable() or " " in url or "\\" in url:
        raise Unfit("write an address that begins with https:// or http://, such as https://example.org/printing")
    if "@" in parts.netloc:
        raise Unfit("write the address without a name and a password in it; what is sent there is signed instead")
    if parts.fragment:
        raise Unfit("write the address without the part after #, which is never sent")
    return Origin(parts.scheme, _spelled(host), _sensible(_USUAL[parts.scheme] if port is None else port))


def _sensible(port: int) -> int:
    if port not in _USUAL.values() and (port < 1024 or port in _SPOKEN_FOR):
        raise Unfit(f"the port {port} is not one for HTTP; use 80, 443, or one from 1024 on that nothing else is known by")
    return port


def _spelled(host: str) -> str:
    """A host that every resolver reads in the same way."""
    if ":" in host or not _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return host.lower()
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise Unfit("write an IPv4 address as four decimal numbers, such as 203.0.113.7") from None
