"""Signed addresses: ours, and in time."""

import base64
import json

import pytest

from libs.runtime.addresses import LIFETIME, Addresses, BadAddress

NOW = 1_700_000_000.0


@pytest.fixture
def addresses(tmp_path) -> Addresses:
    path = tmp_path / "documents.key"
    path.write_bytes(b"k" * 32)
    return Addresses(path)


def test_a_token_names_its_document_until_its_time_is_over(addresses):
    token = addresses.token("main/t/source", NOW)
    assert addresses.name(token, NOW) == "main/t/source"
    assert addresses.name(token, NOW + LIFETIME) == "main/t/source"
    with pytest.raises(BadAddress):
        addresses.name(token, NOW + LIFETIME + 1)


def test_a_token_is_one_word_for_a_path(addresses):
    assert set(addresses.token("main/t/a?b#c ö", NOW)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_another_name_under_the_same_signature_is_refused(addresses):
    _, _, signature = addresses.token("main/t/source", NOW).partition(".")
    body = base64.urlsafe_b64encode(json.dumps(["main/u/source", int(NOW) + LIFETIME]).encode()).decode()
    with pytest.raises(BadAddress):
        addresses.name(f"{body}.{signature}", NOW)


def test_a_token_of_another_key_is_refused(addresses, tmp_path):
    path = tmp_path / "other.key"
    path.write_bytes(b"o" * 32)
    with pytest.raises(BadAddress):
        addresses.name(Addresses(path).token("main/t/source", NOW), NOW)


@pytest.mark.parametrize("token", ["", ".", "x", "a.b", "a.b.c", "ö.ö", "=.=", "AAAA." + "A" * 43, "\x00.\x00"])
def test_anything_else_is_refused(addresses, token):
    with pytest.raises(BadAddress):
        addresses.name(token, NOW)
