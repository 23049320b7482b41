"""JWTs and secret files."""

import base64
import json
import os

import nkeys

from libs.contracts.permissions import Permissions
from libs.runtime.credentials import account_jwt, load_key, make_key, user_jwt, write_secret


def claims(jwt: str) -> dict:
    head, body, signature = jwt.split(".")
    assert json.loads(_decoded(head)) == {"typ": "JWT", "alg": "ed25519-nkey"}
    decoded = json.loads(_decoded(body))
    issuer = nkeys.from_public_key(decoded["iss"]) if hasattr(nkeys, "from_public_key") else None
    if issuer:
        issuer.verify(f"{head}.{body}".encode(), _decoded(signature))
    return decoded


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_key_is_the_same_after_it_was_stored():
    pair = make_key(nkeys.PREFIX_BYTE_USER)
    assert pair.public.startswith("U")
    assert load_key(pair.seed) == pair


def test_a_user_has_what_it_may_do_and_nothing_more():
    account, user = make_key(nkeys.PREFIX_BYTE_ACCOUNT), make_key(nkeys.PREFIX_BYTE_USER)
    made = claims(user_jwt("agentAAA", user, account, Permissions(("b", "a", "a"), ("_INBOX.agentAAA.>",)), expires=2_000_000_000))
    assert (made["sub"], made["iss"], made["exp"]) == (user.public, account.public, 2_000_000_000)
    assert made["nats"]["pub"] == {"allow": ["a", "b"]}
    assert made["nats"]["sub"] == {"allow": ["_INBOX.agentAAA.>"]}
    assert "resp" not in made["nats"]


def test_who_answers_may_reply_once_per_question():
    account, user = make_key(nkeys.PREFIX_BYTE_ACCOUNT), make_key(nkeys.PREFIX_BYTE_USER)
    made = claims(user_jwt("spooler", user, account, Permissions((), ("q",), answers=True)))
    assert made["nats"]["resp"]["max"] == 1
    assert "exp" not in made


def test_only_the_account_that_prints_has_streams():
    operator, account = make_key(nkeys.PREFIX_BYTE_OPERATOR), make_key(nkeys.PREFIX_BYTE_ACCOUNT)
    assert claims(account_jwt("PRINTBUS", account, operator, jetstream=True))["nats"]["limits"]["streams"] == -1
    assert "streams" not in claims(account_jwt("SYS", account, operator, jetstream=False))["nats"]["limits"]


def test_a_secret_is_its_owners_alone_whatever_was_there_before(tmp_path):
    path = tmp_path / "token"
    for left in (path, tmp_path / "token.new"):
        left.write_text("open to all")
        left.chmod(0o644)
    before = os.umask(0)
    try:
        write_secret(path, "secret")
    finally:
        os.umask(before)
    assert path.read_text() == "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
    write_secret(path, b"\x00bytes")
    assert path.read_bytes() == b"\x00bytes"
