"""The addresses that callbacks name."""

import ipaddress

import pytest

from libs.runtime.machine import ipv4_addresses, near


def test_the_addresses_are_ipv4_and_loopback_only_when_there_is_no_other():
    found = [ipaddress.IPv4Address(text) for text in ipv4_addresses()]
    assert found
    assert len({address.is_loopback for address in found}) == 1


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        *(("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")),
        *(("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "[2001:db8::7]"), ("print.example", "print.example")),
    ],
)
def test_who_listens_everywhere_is_reached_by_loopback_and_who_listens_somewhere_there(host, reached):
    assert near(host) == reached
