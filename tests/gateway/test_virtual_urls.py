"""Tokens in addresses that are handed out: each for its purpose, and none that this installation has not made."""

import secrets

import pytest

from services.gateway.virtual_urls import BadUrl, VirtualUrls


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
