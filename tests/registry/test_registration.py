"""Certificates of printers that are registered, and registrations that fail."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from libs.contracts.directory import client_key, device_key
from libs.contracts.fleet import ListPrinters, RemovePrinter
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import registration, rights
from tests.registry.fleet import WARD, Fleet, at


@pytest.fixture
def database_url():
    """What is asserted here is the same on every database."""
    return ""


def request(key=None, encoding=Encoding.DER):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anything")])
    wanted = x509.CertificateSigningRequestBuilder().subject_name(name)
    wanted = wanted.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return wanted.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(encoding)


def wrapped(der):
    text = base64.b64encode(der).decode()
    return "\r\n".join(text[start : start + 64] for start in range(0, len(text), 64)) + "\r\n"


async def test_a_device_gets_a_certificate_for_its_own_key_and_nothing_more(fleet):
    key = ec.generate_private_key(ec.SECP256R1())
    operation = await fleet.register(physical=True, request=wrapped(request(key)), connector=(await connector(fleet)))
    made = x509.load_der_x509_certificate(base64.b64decode(operation.certificate))
    authority = x509.load_pem_x509_certificate(fleet.registry.authority.certificate().read_bytes())
    made.verify_directly_issued_by(authority)
    assert made.public_key() == key.public_key()
    assert made.subject.rfc4514_string() == f"CN={operation.printer.id}"
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca, "whatever it asked for"
    assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert made.not_valid_after_utc <= authority.not_valid_after_utc
    assert operation.printer.physical
    assert operation.printer.connector == await connector(fleet)
    assert {each.profile.display for each in (await fleet(ListPrinters, connector=WARD)).printers} >= {"Follow me", "Office"}


async def connector(fleet: Fleet):
    return (await fleet.printer(at(WARD, "Office"))).connector


@pytest.mark.parametrize(
    "armour", ["-----BEGIN CERTIFICATE REQUEST-----\n{}-----END CERTIFICATE REQUEST-----\n", " {} ", "{}\\r\\n"]
)
async def test_leftovers_of_pem_are_passed_over(fleet, armour):
    operation = await fleet.register(request=armour.format(wrapped(request())))
    assert (operation.state, bool(operation.certificate)) == ("succeeded", True)


async def test_a_registration_that_nobody_was_told_of_is_there_once_and_told_by_the_next_registry(fleet, monkeypatch):
    """A kill after the commit: whoever repeats it hears that the printer is there, and finds or removes it as its own."""

    class Killed(BaseException):
        pass

    def die(point):
        assert point == "registry-after-registered"
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(registration, "crashpoint", die)
        with pytest.raises(Killed):
            await fleet.register(request=wrapped(request()))
    with pytest.raises(Refused, match="this application has a printer 'Follow me' already") as no:
        await fleet.register(request=wrapped(request()))
    assert no.value.code is Code.CONFLICT
    (printer,) = [each for each in (await fleet(ListPrinters)).printers if each.served_by]
    news = await fleet.registry.store.news(100)
    assert {client_key(printer.agent), device_key(printer.agent, printer.device.id)} <= {each.key for each in news}
    await fleet(RemovePrinter, printer=printer.id)
    assert (await fleet.register(request=wrapped(request()))).certificate


SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("%%%", "not base64"),
        (base64.b64encode(b"no request").decode(), "not a PKCS#10 request"),
        (wrapped(request(SHORT)), "at least 2048 bits"),
        (wrapped(request()[:-4] + b"\0\0\0\0"), "not signed with its own key"),
    ],
)
async def test_a_bad_request_is_a_failed_operation_and_no_printer(fleet, asked, told):
    operation = await fleet.register(request=asked)
    assert (operation.state, operation.certificate, operation.printer) == ("failed", "", None)
    assert told in operation.description
    assert "Follow me" not in await fleet.names()
    assert (await fleet.register()).state == "succeeded", "the name is free"


async def test_a_disabled_application_registers_nothing(fleet):
    printer = (await fleet.register()).printer
    client = await fleet.registry.store.client(printer.agent)
    await rights.switch_client(fleet.registry.store, client.sn, client.role, enabled=False)
    assert "Follow me" not in await fleet.names()
    with pytest.raises(Refused) as refused:
        await fleet.register("Second")
    assert refused.value.code is Code.FORBIDDEN
    with pytest.raises(Refused) as refused:
        await fleet.of("nobody").register()
    assert refused.value.code is Code.NOT_FOUND
