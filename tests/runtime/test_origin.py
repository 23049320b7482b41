"""How an address must be written before we ever go there."""

import pytest

from libs.runtime.origin import Origin, Unfit, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.org/hook?key=1", Origin("https", "example.org", 443)),
        ("http://example.org", Origin("http", "example.org", 80)),
        ("https://example.org:8443/", Origin("https", "example.org", 8443)),
        ("http://203.0.113.7/", Origin("http", "203.0.113.7", 80)),
        ("http://[2001:DB8::1]:8080/", Origin("http", "2001:db8::1", 8080)),
        ("https://bücher.example/", Origin("https", "bücher.example", 443)),
        ("https://7up.example/", Origin("https", "7up.example", 443)),
    ],
)
def test_an_address_leads_to_an_origin(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "begins with https://"),
        ("ftp://example.org/", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("example.org/hook", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://exa mple.org/", "begins with https://"),
        ("https://example.org/\r\nX: y", "begins with https://"),
        ("https://example.org\\@127.0.0.1/", "begins with https://"),
        ("https://[half", "such as https://"),
        ("https://example.org:99999/", "such as https://"),
        ("https://example.org:0/", "port 0"),
        ("https://me:secret@example.org/", "without a name and a password"),
        ("https://@example.org/", "without a name and a password"),
        ("https://example.org/#there", "after #"),
        ("http://example.org:22/", "port 22"),
        ("http://example.org:631/", "port 631"),
        ("http://example.org:9100/", "port 9100"),
        ("http://example.org:6379/", "port 6379"),
        ("http://2130706433/", "four decimal numbers"),
        ("http://0x7f000001/", "four decimal numbers"),
        ("http://0177.0.0.1/", "four decimal numbers"),
        ("http://127.1/", "four decimal numbers"),
        ("http://127.0.0.0x1/", "four decimal numbers"),
        ("http://127.0.0.1./", "four decimal numbers"),
        ("http://1.2.3.4.5/", "four decimal numbers"),
    ],
)
def test_an_address_that_is_not_fit_is_answered_with_what_to_write(url, sentence):
    with pytest.raises(Unfit) as raised:
        origin_of(url)
    assert sentence in str(raised.value)
    assert "secret" not in str(raised.value)
