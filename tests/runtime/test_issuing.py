"""The keys that sign tokens: kept from others, taken up from another process, believed after a rotation until it is enough."""

import stat

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from libs.runtime.issuing import FILE, LONGEST, Issuer, NoKey

NOW = 1_800_000_000.0


def believed(issuer, token):
    keys = KeySet.import_key_set(issuer.jwks())
    return jwt.decode(token, keys, ["RS256"]).claims


def test_keys_are_made_once_and_are_their_owners_alone(tmp_path):
    issuer = Issuer(tmp_path / "keys")
    issuer.make()
    path = tmp_path / "keys" / FILE
    first = path.read_bytes()
    issuer.make()
    assert path.read_bytes() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert believed(issuer, issuer.sign({"sub": "a"})) == {"sub": "a"}
    assert Issuer(tmp_path / "keys").sign({"a": 1}, "at+jwt").count(".") == 2


def test_what_is_published_is_public(tmp_path):
    issuer = Issuer(tmp_path)
    issuer.make()
    issuer.rotate()
    keys = issuer.jwks()["keys"]
    assert len({key["kid"] for key in keys}) == 2
    for key in keys:
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


def test_an_older_key_is_believed_until_its_last_token_has_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("libs.runtime.issuing.LOOK", 0.0)
    now = [NOW]
    issuer, elsewhere = (Issuer(tmp_path, lambda: now[0]) for _ in range(2))
    issuer.make()
    before = elsewhere.sign({"sub": "a"})
    fresh = issuer.rotate()
    assert elsewhere.jwks()["keys"][0]["kid"] == fresh, "another process takes it up"
    assert believed(elsewhere, before) == {"sub": "a"}
    assert [bool(until) for _, until in issuer.published()] == [False, True]
    now[0] += LONGEST + 1
    with pytest.raises(Exception, match="No key for kid"):
        believed(elsewhere, before)
    assert len(issuer.jwks()["keys"]) == 1
    issuer.rotate()
    assert [key["kid"] for key in issuer.jwks()["keys"]][1:] == [fresh]
    kept = (tmp_path / FILE).read_text()
    assert kept.count('"d"') == 1, "of a key that does not sign any more the private half is gone"


def test_older_keys_can_be_dropped_at_once(tmp_path):
    issuer = Issuer(tmp_path)
    issuer.make()
    issuer.rotate()
    fresh = issuer.rotate(drop=True)
    assert [key["kid"] for key in issuer.jwks()["keys"]] == [fresh]


def test_without_a_key_it_says_what_to_do(tmp_path):
    issuer = Issuer(tmp_path)
    assert issuer.jwks() == {"keys": []}
    with pytest.raises(NoKey, match="provision"):
        issuer.sign({})
