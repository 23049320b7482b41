"""The agent's way to the bus, and through it to documents."""

from pathlib import Path

import pytest

from services.agent.line import Line

SIGNED = "https://store.example/documents/a.b?X-Amz-Signature=1"


@pytest.mark.parametrize(
    ("gateway", "told", "used"),
    [
        ("", "https://print.example.org/documents/a.b", "https://print.example.org/documents/a.b"),
        (
            "http://printbus-gateway:39899/",
            "https://print.example.org/documents/a.b",
            "http://printbus-gateway:39899/documents/a.b",
        ),
        ("http://printbus-gateway:39899", SIGNED, SIGNED),
    ],
)
def test_the_gateway_is_asked_for_documents_where_it_is_reached_and_a_store_where_it_signed(gateway, told, used):
    assert Line("", "AGENT001", Path(), gateway)._reached(told) == used
