"""The authority of this machine: OpenSSL believes it for its names, and for no other."""

import asyncio
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from libs.runtime.authority import LEAF_DAYS, Authority


class Clock:
    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


def read(path):
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


async def greeted(leaf, ca, name):
    """Whether a client that trusts `ca` believes a server with this certificate when it calls it `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        trust = ssl.create_default_context(cafile=ca)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=name)
        except ssl.SSLCertVerificationError:
            return False
        writer.close()
        return True


async def test_a_client_that_trusts_the_authority_believes_its_names_only(tmp_path):
    authority = Authority(tmp_path)
    leaf = authority.leaf(["print.example.org", "192.0.2.7"])
    ca = authority.certificate()
    for name in ("localhost", "127.0.0.1", "::1", "print.example.org", "192.0.2.7"):
        assert await greeted(leaf, ca, name), name
    assert not await greeted(leaf, ca, "other.example.org")


async def test_a_certificate_for_another_name_is_not_believed_even_with_the_authoritys_signature(tmp_path):
    authority = Authority(tmp_path)
    ca = tmp_path / "before.pem"
    ca.write_bytes(authority.certificate().read_bytes())
    stolen = authority.leaf(["bank.example.com"], "stolen")
    assert not await greeted(stolen, ca, "bank.example.com")
    assert not await greeted(stolen, ca, "localhost")


def test_keys_are_readable_by_their_owner_only_and_the_certificate_holds_no_key(tmp_path):
    authority = Authority(tmp_path / "keys")
    leaf = authority.leaf()
    assert {path.stat().st_mode & 0o777 for path in (leaf.key, tmp_path / "keys" / "ca.key")} == {0o600}
    assert b"PRIVATE" not in authority.certificate().read_bytes() + leaf.certificate.read_bytes()


def test_it_is_constrained_and_short_lived(tmp_path):
    authority = Authority(tmp_path)
    leaf, ca = read(authority.leaf().certificate), read(authority.certificate())
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=LEAF_DAYS)
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [each.value for each in constraints.value.permitted_subtrees] == [
        "localhost", ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"),
    ]  # fmt: skip
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)


def test_what_is_good_stays_and_what_ends_soon_is_made_anew(tmp_path):
    clock = Clock()
    authority = Authority(tmp_path, clock)
    first = authority.leaf(["print.example.org"])
    ca, certificate = authority.certificate().read_bytes(), first.certificate.read_bytes()
    clock.ahead = timedelta(days=200)
    assert Authority(tmp_path, clock).leaf(["Print.Example.org"]).certificate.read_bytes() == certificate
    clock.ahead = timedelta(days=280)
    assert authority.leaf(["print.example.org"]).certificate.read_bytes() != certificate
    assert authority.certificate().read_bytes() == ca
    before = read(authority.certificate())
    clock.ahead = timedelta(days=3400)
    authority.leaf(["print.example.org"])
    after = read(authority.certificate())
    assert after != before
    assert after.public_key() == before.public_key()


def test_other_names_make_another_certificate_and_widen_the_authority(tmp_path):
    authority = Authority(tmp_path)
    authority.leaf(["one.example.org"])
    ca = authority.certificate().read_bytes()
    authority.leaf(["a.one.example.org"])
    assert authority.certificate().read_bytes() == ca
    authority.leaf(["two.example.org"], "nats")
    assert authority.certificate().read_bytes() != ca
    assert authority.leaf(["one.example.org"]).certificate.read_bytes().endswith(authority.certificate().read_bytes())


@pytest.mark.parametrize("damage", ["https.pem", "https.key"])
def test_a_damaged_pair_is_made_anew(tmp_path, damage):
    authority = Authority(tmp_path)
    leaf = authority.leaf()
    (tmp_path / damage).write_bytes(b"half")
    assert authority.leaf() == leaf
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(leaf.certificate, leaf.key)
