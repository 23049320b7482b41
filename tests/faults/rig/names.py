"""A name server of our own (RFC 1035, over UDP): every answer with TTL 0, and another one each time where a name is to rebind."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import cast

_A, _AAAA, _CNAME, _NXDOMAIN = 1, 28, 5, 3


@dataclass
class Names(asyncio.DatagramProtocol):
    """What each name answers: a list of answers, taken in turns (the last one stays); one answer is addresses or another name."""

    answers: Mapping[str, Sequence[Sequence[str]]]
    asked: Counter[str] = field(default_factory=Counter)
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        name, after = _name(data)
        (kind,) = struct.unpack_from(">H", data, after)
        known = self.answers.get(name)
        records: list[bytes] = []
        if known is not None:
            turn = self.asked[f"{name} {kind}"]
            self.asked[f"{name} {kind}"] += 1
            records = _records(known[min(turn, len(known) - 1)], kind)
        flags = 0x8180 | (0 if known is not None else _NXDOMAIN)
        head = data[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        self._transport.sendto(head + data[12 : after + 4] + b"".join(records), addr)


def _name(data: bytes) -> tuple[str, int]:
    """The name that is asked for, in small letters, and where it ends."""
    labels, place = [], 12
    while length := data[place]:
        labels.append(data[place + 1 : place + 1 + length].decode("latin-1"))
        place += 1 + length
    return ".".join(labels).lower(), place + 1


def _records(answer: Sequence[str], kind: int) -> list[bytes]:
    found = []
    for each in answer:
        try:
            address = ip_address(each)
        except ValueError:
            other = b"".join(bytes([len(label)]) + label.encode() for label in each.split(".")) + b"\0"
            found.append(_record(_CNAME, other))
            continue
        if kind == (_AAAA if isinstance(address, IPv6Address) else _A):
            found.append(_record(kind, address.packed))
    return found


def _record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data


@asynccontextmanager
async def naming(answers: Mapping[str, Sequence[Sequence[str]]], host: str = "127.0.0.1", port: int = 53) -> AsyncIterator[Names]:
    """A running name server."""
    loop = asyncio.get_running_loop()
    transport, names = await loop.create_datagram_endpoint(lambda: Names(answers), local_addr=(host, port), family=socket.AF_INET)
    try:
        yield names
    finally:
        transport.close()
