"""Tokens that were signed with our key under another's name are another's."""

import pytest

from libs.contracts.ids import tenant_guid
from services.gateway.oidc.origin import Names

TENANT = tenant_guid("main")
PUBLIC = Names("https://print.example/", ("print.lan",))
PLAIN = Names("", ("print.lan", "print.lan:8443"))


@pytest.mark.parametrize("issuer", ["https://print.example", f"https://print.example/{TENANT}/v2.0"])
def test_a_public_address_is_the_only_name(issuer):
    assert PUBLIC.signed(issuer, "main")
    assert not PLAIN.signed(issuer, "main")


@pytest.mark.parametrize(
    "issuer",
    ["http://127.0.0.1:8631", "https://localhost", "http://[::1]:80", "http://print.lan", f"https://print.lan:8443/{TENANT}/v2.0"],
)
def test_without_one_it_is_every_address_of_this_machine(issuer):
    assert PLAIN.signed(issuer, "main")
    assert not PUBLIC.signed(issuer, "main")


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "http://",
        "https://evil.example",
        "https://print.example.evil.example",
        "https://print.example@evil.example",
        "https://evil.example@print.lan",
        "https://print.lan/evil",
        "https://print.lan?evil",
        "ftp://print.lan",
        "http://[::1",
        "http://198.51.100.7",
        f"https://print.example/{tenant_guid('rival')}/v2.0",
        f"https://print.lan/{tenant_guid('rival')}/v2.0",
    ],
)
def test_everything_else_is_somebody_elses(issuer):
    assert not PUBLIC.signed(issuer, "main")
    assert not PLAIN.signed(issuer, "main")
