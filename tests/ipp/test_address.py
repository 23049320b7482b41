"""libs/ipp/address.py: printers' URIs."""

import pytest

from libs.ipp.address import Address


@pytest.mark.parametrize(
    ("uri", "host", "port", "path", "secure"),
    [
        ("ipp://printer.example/ipp/print", "printer.example", 631, "/ipp/print", False),
        ("ipp://printer.example:8631/printers/A%20B", "printer.example", 8631, "/printers/A%20B", False),
        ("ipps://printer.example/ipp/print", "printer.example", 631, "/ipp/print", True),
        ("ipp://[fe80::1]:632/ipp/print?x=1", "fe80::1", 632, "/ipp/print?x=1", False),
        ("ipp://printer.example", "printer.example", 631, "/", False),
    ],
)
def test_a_uri_is_taken_apart(uri, host, port, path, secure):
    address = Address.parse(uri)
    assert (address.host, address.port, address.path, address.secure) == (host, port, path, secure)
    assert Address.parse(address.uri) == address


def test_the_host_header_has_brackets_and_a_port():
    assert Address.parse("ipp://[fe80::1]/ipp").authority == "[fe80::1]:631"


def test_credentials_are_kept_out_of_the_uri():
    address = Address.parse("ipps://ann:s%40cret@printer.example/ipp/print")
    assert (address.user, address.password) == ("ann", "s@cret")
    assert address.uri == "ipps://printer.example/ipp/print"
    assert "s@cret" not in repr(address)


def test_a_path_cannot_end_the_request_line():
    assert Address.parse("ipp://printer.example/a b\u4e2d").path == "/a%20b%E4%B8%AD"


@pytest.mark.parametrize("uri", ["http://printer.example/", "printer.example", "ipp:///ipp/print", ""])
def test_another_uri_is_refused_with_what_to_write_instead(uri):
    with pytest.raises(ValueError, match="ipp://"):
        Address.parse(uri)
