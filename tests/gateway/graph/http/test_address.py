"""The address that links are made of: what callers can reach, whatever they or a proxy write."""

import pytest

from services.gateway.graph.http.address import Address


def scope(host, server=("127.0.0.1", 39899), scheme="http"):
    return {"type": "http", "scheme": scheme, "server": server, "headers": [(b"host", host.encode())] if host else []}


@pytest.mark.parametrize(
    ("host", "server", "scheme", "base"),
    [
        ("localhost:39899", ("127.0.0.1", 39899), "http", "http://localhost:39899"),
        ("Print.example", ("10.0.0.7", 443), "https", "https://print.example"),
        ("print.example:39899", ("10.0.0.7", 39899), "http", "http://print.example:39899"),
        ("10.0.0.7:39899", ("10.0.0.7", 39899), "http", "http://10.0.0.7:39899"),
        ("pod-7.cluster.local", ("10.0.0.7", 39899), "http", "http://10.0.0.7:39899"),
        ("evil.example:39899", ("127.0.0.1", 39899), "http", "http://127.0.0.1:39899"),
        ("[::1]:39899", ("::1", 39899), "http", "http://[::1]:39899"),
        ("", ("fe80::7", 39900), "https", "https://[fe80::7]:39900"),
        ("localhost", ("127.0.0.1", 80), "http", "http://localhost"),
    ],
)
def test_only_names_of_this_server_are_believed(host, server, scheme, base):
    assert Address("", ["print.example"]).of(scope(host, server, scheme)) == base


def test_the_public_address_goes_before_all():
    assert Address("https://print.example/", []).of(scope("localhost:39899")) == "https://print.example"
