"""Tokens in addresses that are handed out: each for its purpose, and none that this installation has not made."""

import secrets
from urllib.parse import unquote

import pytest

from services.gateway.virtual_urls import BadUrl, Uploaded, VirtualUrls


@pytest.fixture
def urls(tmp_path):
    (tmp_path / "key").write_bytes(secrets.token_bytes(32))
    return VirtualUrls(tmp_path / "key")


def test_a_token_is_read_for_its_purpose_only(urls):
    token = urls.token("upload", ["main", "one", 7])
    assert urls.content("upload", token) == ["main", "one", 7]
    for purpose in ("download", "upload/", ""):
        with pytest.raises(BadUrl):
            urls.content(purpose, token)


def test_whatever_is_changed_in_a_token_is_seen(urls):
    token = urls.token("upload", ["main", "one"])
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, len(token) - 1, 5)]
    longer = [
        token + "A",
        token + "AAAA",
        f"{token}\r\n",
        f"{token}\0",
        f" {token}",
        f"{token}%0d",
        f"{token}é",
        "===",
    ]
    shorter = [token[:-1], token[:-4], token[1:], token[:16], ""]
    for wrong in (*changed, *longer, *shorter, token.swapcase(), "A" * 100_000):
        with pytest.raises(BadUrl):
            urls.content("upload", wrong)


def test_a_token_of_another_installation_is_none_here(urls, tmp_path):
    (tmp_path / "other").write_bytes(secrets.token_bytes(32))
    with pytest.raises(BadUrl):
        urls.content("upload", VirtualUrls(tmp_path / "other").token("upload", ["main", "one"]))


def test_an_address_that_ends_with_a_plus_is_read_when_that_became_a_blank(urls):
    for number in range(20_000):  # one in 190 ends so
        file = Uploaded("main", "object", 3, "0" * 64, "name"[: number % 4], None, 2000)
        url = unquote(urls.make("a1b2c3d4e5f6", file))
        if url.endswith("+"):
            break
    assert url.endswith("+")
    for given in (url, url.replace("+", " "), url.replace("+", " ").strip()):
        assert urls.read(given, "main", 1000) == file
