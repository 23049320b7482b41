"""Which addresses we go to for somebody else."""

import socket
from ipaddress import ip_address, ip_network

import pytest

from libs.runtime.vetting import Forbidden, Guard, Unknown, Unreachable, public
from tests.converter.servers import serving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:7f00:1::1",
        "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_inner_addresses_are_nobodys_to_reach(address):
    assert not public(ip_address(address))
    assert not Guard(()).allows(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_anybodys(address):
    assert public(ip_address(address))


def test_an_administrator_may_allow_a_network_and_no_more():
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("fd00::/64")])
    assert guard.allows(ip_address("10.1.2.3"))
    assert guard.allows(ip_address("::ffff:10.1.2.3"))
    assert guard.allows(ip_address("fd00::5"))
    assert not guard.allows(ip_address("10.2.0.1"))
    assert not guard.allows(ip_address("fd01::5"))


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::1]", "::1", "127.0.0.1."])
async def test_every_spelling_of_loopback_is_refused(host):
    with pytest.raises((Forbidden, Unknown)):
        await Guard(()).addresses(host, 80)


@pytest.mark.parametrize("host", ["no.such.invalid", "a" * 300, "bad host", "\ud800"])
async def test_a_name_that_leads_nowhere_is_told(host):
    with pytest.raises((Unknown, Unreachable)):
        await Guard(()).addresses(host, 80)


async def test_the_sentence_names_the_host_and_the_setting():
    with pytest.raises(Forbidden, match=r"127\.0\.0\.9 is not on the public network.*PRINTBUS_FETCH_ALLOW_NETWORKS"):
        await Guard((), "PRINTBUS_FETCH_ALLOW_NETWORKS").connect("127.0.0.9", 80)


async def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_vetted(monkeypatch):
    """DNS rebinding: the second answer would lead inside, but nobody asks a second time."""
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def resolve(_host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async with serving({}) as allowed:
        real = socket.getaddrinfo

        def rebinding(host, port, **options):
            return (resolve if host == "rebinding.test" else real)(host, port, **options)

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        guard = Guard([ip_network("127.0.0.1/32")])
        _, writer = await guard.connect("rebinding.test", allowed.port)
        assert writer.get_extra_info("peername")[0] == "127.0.0.1"
        writer.close()
        with pytest.raises(Forbidden):
            await guard.connect("rebinding.test", allowed.port)


async def test_a_host_that_does_not_answer_may_answer_later():
    with pytest.raises(Unreachable):
        await Guard([ip_network("127.0.0.1/32")]).connect("127.0.0.1", 1)


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254"])
def test_a_clouds_own_secrets_are_nobodys_whatever_is_allowed(address):
    everything = Guard([ip_network("0.0.0.0/0"), ip_network("::/0")])
    assert not everything.allows(ip_address(address))
    assert everything.allows(ip_address("169.254.1.1"))
