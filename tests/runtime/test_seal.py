"""Sealed fields: everybody closes, one opens."""

import base64

import pytest
from nacl.public import PrivateKey

from libs.runtime.seal import Opener, Sealer, Unopenable


@pytest.fixture
def pair(tmp_path) -> tuple[Sealer, Opener]:
    return make(tmp_path, "first")


def make(folder, name):
    key = PrivateKey.generate()
    public, private = folder / f"{name}.pub", folder / f"{name}.key"
    public.write_bytes(bytes(key.public_key))
    private.write_bytes(bytes(key))
    return Sealer(public), Opener(private)


def test_what_is_sealed_is_opened_and_shows_nothing(pair):
    sealer, opener = pair
    sealed = sealer.seal(b"https://user:secret@example.org/")
    assert opener.open(sealed) == b"https://user:secret@example.org/"
    assert b"secret" not in base64.b64decode(sealed)


def test_the_same_is_sealed_differently_each_time(pair):
    assert pair[0].seal(b"x") != pair[0].seal(b"x")


def test_another_key_does_not_open(pair, tmp_path):
    with pytest.raises(Unopenable):
        make(tmp_path, "second")[1].open(pair[0].seal(b"x"))


def test_what_was_changed_does_not_open(pair):
    sealed = bytearray(base64.b64decode(pair[0].seal(b"x")))
    sealed[-1] ^= 1
    with pytest.raises(Unopenable):
        pair[1].open(base64.b64encode(sealed).decode())


@pytest.mark.parametrize("text", ["", "x", "AAAA", "ö", "=" * 8])
def test_what_was_never_sealed_does_not_open(pair, text):
    with pytest.raises(Unopenable):
        pair[1].open(text)
