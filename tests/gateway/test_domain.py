"""Whom a token speaks for, and which printers that client may use."""

import pytest

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import ClientEntry, ClientKind, DeviceEntry, TokenEntry
from libs.contracts.tasks import PrinterRef
from services.gateway.domain import Identity, speaks_for, usable_printer

SN = "jueKiUEE"
NOW = 1000


def client(**more):
    return ClientEntry(**{"sn": SN, "tenant": "main", "role": ClientKind.AGENT, "shard": 2, **more})


def token(**more):
    return TokenEntry(**{"digest": "d", "sn": SN, "tenant": "main", **more})


@pytest.mark.parametrize(
    ("given", "owner", "valid"),
    [
        (token(), client(), True),
        (token(expires_at=NOW + 1), client(), True),
        (token(expires_at=NOW), client(), False),
        (token(expires_at=1), client(), False),
        (token(tenant="other"), client(), False),
        (token(), client(enabled=False), False),
        (token(), None, False),
        (None, client(), False),
        (None, None, False),
    ],
)
def test_a_token_speaks_for_its_client_while_both_are_good(given, owner, valid):
    assert speaks_for(given, owner, NOW) == (Identity("main", SN, credential="d") if valid else None)


def device(agent=SN, tenant="main", kind=DeviceType.PRINTER):
    return DeviceEntry(tenant=tenant, agent=agent, device=Device(id="abc", name="Office", type=kind))


@pytest.mark.parametrize(
    ("found", "usable"),
    [
        (device(), True),
        (device(agent="ABCDEFGH"), False),
        (device(tenant="other"), False),
        (device(kind=DeviceType.SCANNER), False),
    ],
)
def test_a_client_prints_on_its_own_printers(found, usable):
    expected = PrinterRef(SN, "abc", "Office", 2) if usable else None
    assert usable_printer(Identity("main", SN), client(), found) == expected
