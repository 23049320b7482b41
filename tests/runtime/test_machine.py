"""The addresses that callbacks name."""

import ipaddress

from libs.runtime.machine import ipv4_addresses


def test_the_addresses_are_ipv4_and_loopback_only_when_there_is_no_other():
    found = [ipaddress.IPv4Address(text) for text in ipv4_addresses()]
    assert found
    assert len({address.is_loopback for address in found}) == 1
