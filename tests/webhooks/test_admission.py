"""Where a client's endpoint may lead: refused when it is made, and refused again when it is connected to."""

import asyncio
import socket
import ssl
import subprocess
from ipaddress import ip_network

import pytest

from libs.contracts.endpoints import DeviceFilter, EventKind
from libs.runtime.bus import Refused
from libs.runtime.vetting import Guard
from services.webhooks import dialects
from services.webhooks.admission import Admission
from services.webhooks.receiver import Receiver, trusted
from tests.webhooks.receivers import receiver

KNOWN = dialects.discover(dialects)
SETTING = "PRINTBUS_WEBHOOK_ALLOW_NETWORKS"
HEADERS = {"webhook-id": "t:1:new", "webhook-attempt": "1"}


def admission(*networks):
    return Admission(KNOWN, Guard([ip_network(each) for each in networks], SETTING))


@pytest.fixture
def names(monkeypatch):
    """A resolver of our own: name -> what it answers, one list after another."""
    known = {}

    def answering(**hosts):
        known.update({host: list(answers) for host, answers in hosts.items()})
        real = socket.getaddrinfo

        def resolve(host, port, **options):
            if host not in known:
                return real(host, port, **options)
            addresses = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
            families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
            return [(family, socket.SOCK_STREAM, 6, "", (each, port)) for family, each in zip(families, addresses, strict=True)]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    return answering


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://10.1.2.3/", "http://192.168.1.1/", "http://172.16.0.1:8080/",
        "http://169.254.169.254/latest/meta-data", "http://100.100.100.200/", "http://0.0.0.0/", "http://224.0.0.1/",
        "http://255.255.255.255/", "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fc00::1]/", "http://[ff02::1]/",
        "http://[fd00:ec2::254]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:a00:1]/", "http://[2002:7f00:1::]/",
        "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[::7f00:1]/",
    ],
)  # fmt: skip
async def test_addresses_inside_are_refused_and_the_sentence_names_the_setting(url):
    with pytest.raises(Refused, match=rf"^url: \S+ is not on the public network.*{SETTING}"):
        await admission().address(url, trusted=False)
    await admission().address(url, trusted=True)  # the operator may lead it anywhere


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "https://me:secret@example.org/",
        "gopher://example.org/", "http://example.org:25/", "http://example.org:9100/", "https://example.org/#x", "//example.org/",
    ],
)  # fmt: skip
async def test_what_is_not_written_as_it_should_be_is_refused_before_anybody_is_asked(url, names):
    names(**{"example.org": [["127.0.0.1"]]})
    with pytest.raises(Refused, match=r"^url: ") as refused:
        await admission().address(url, trusted=False)
    assert "public network" not in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_a_name_counts_by_where_it_leads(names):
    names(inside=[["10.0.0.7"]], wrapped=[["::ffff:10.0.0.7"]], outside=[["93.184.216.34", "2606:4700::1111"]])
    await admission().address("https://outside/hook", trusted=False)
    for host in ("inside", "wrapped"):
        with pytest.raises(Refused, match=f"{host} is not on the public network"):
            await admission().address(f"https://{host}/hook", trusted=False)
        await admission("10.0.0.0/8").address(f"https://{host}/hook", trusted=False)
    with pytest.raises(Refused, match=r"does not exist|cannot be resolved"):
        await admission().address("https://no.such.invalid/", trusted=False)


async def test_even_an_administrator_allows_nobody_the_secrets_of_a_cloud():
    with pytest.raises(Refused, match="public network"):
        await admission("0.0.0.0/0").address("http://169.254.169.254/", trusted=False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"dialect": "smoke"}, "dialect must be one of cloudevents, standard, webprinter"),
        ({"dialect": "webprinter", "kinds": (EventKind.DEVICE,)}, "events: the dialect webprinter has no event for device"),
        ({"binary": True}, "mode: only the dialect cloudevents"),
        ({"devices": (DeviceFilter("x"),) * 101}, "devices must name at most 100"),
        ({"name": "x" * 256}, "name must have at most 255"),
    ],
)
def test_what_has_no_meaning_is_refused(given, sentence):
    asked = {"dialect": "standard", "kinds": (), "devices": (), "name": "", "binary": False, **given}
    with pytest.raises(Refused, match=sentence):
        admission().words(asked["dialect"], asked["kinds"], asked["devices"], asked["name"], binary=asked["binary"])


async def test_a_name_that_leads_inside_when_it_is_connected_to_is_refused_there(names):
    """DNS rebinding: public when the endpoint was made, loopback a moment later."""
    async with receiver() as there:
        names(rebinding=[["93.184.216.34"], ["127.0.0.1"]])
        url = f"http://rebinding:{there.port}/hook"
        guard = Guard([], SETTING)
        await Admission(KNOWN, guard).address(url, trusted=False)
        found = await Receiver(trusted(), 2.0, guard).post(url, "{}", HEADERS)
        assert (found.status, found.error.split(";")[0]) == (0, "rebinding is not on the public network and may not be reached")
    assert there.requests == []


async def test_it_connects_to_what_was_vetted_and_asks_no_second_time(names):
    async with receiver() as there:
        names(rebinding=[["127.0.0.1", "10.0.0.1"], ["10.0.0.1"]])
        sender = Receiver(trusted(), 2.0, Guard([ip_network("127.0.0.1/32")], SETTING))
        url = f"http://rebinding:{there.port}/hook"
        assert (await sender.post(url, "{}", HEADERS)).status == 200
        assert (await sender.post(url, "{}", HEADERS)).status == 200  # over the connection that there is
        await sender.close()
        assert (await sender.post(url, "{}", HEADERS)).status == 0
    assert [request.headers["host"] for request in there.requests] == [f"rebinding:{there.port}"] * 2


async def test_a_redirect_leads_nowhere(names):
    async def script(request, writer):
        return b"HTTP/1.1 307 Elsewhere\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"

    async with receiver(script) as there:
        sender = Receiver(trusted(), 2.0, Guard([ip_network("127.0.0.1/32")], SETTING))
        assert (await sender.post(there.url, "{}", HEADERS)).status == 307
        await sender.close()
    assert len(there.requests) == 1


async def test_tls_asks_for_a_certificate_of_the_name_and_not_of_the_address(names, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x"]
    make += ["-addext", "subjectAltName=DNS:receiver.test", "-keyout", str(key), "-out", str(certificate)]
    await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True, timeout=60)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    context = trusted()
    context.load_verify_locations(certificate)
    guard = Guard([ip_network("127.0.0.1/32")], SETTING)
    async with receiver(tls=tls) as there:
        names(**{"receiver.test": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]})
        for host, status in (("receiver.test", 200), ("other.test", 0), ("127.0.0.1", 0)):
            sender = Receiver(context, 2.0, guard)
            assert (await sender.post(f"https://{host}:{there.port}/", "{}", HEADERS)).status == status
            await sender.close()
    assert len(there.requests) == 1
