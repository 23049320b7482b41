"""The keys that this installation signs tokens with: a new one signs, older ones are believed until what they signed has ended."""

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from libs.runtime.credentials import write_secret

FILE = "issuer.json"
ALGORITHM = "RS256"
BITS = 2048
#: No token that is signed here is good for longer, in seconds: so long an older key is published after a rotation.
LONGEST = 7 * 86_400
#: Another process may have rotated: seconds between two looks at the file.
LOOK = 1.0


class NoKey(Exception):
    """There is no key to sign with; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """`signing` has its private half; `until`: kid -> when an older one is published no more, in seconds since 1970."""

    signing: RSAKey | None = None
    older: tuple[RSAKey, ...] = ()
    until: Mapping[str, float] = field(default_factory=dict)


class Issuer:
    """Signs, and says whom to believe. The file is small and read when it has changed; `make` and `rotate` block for longer."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE
        self._clock = clock
        self._keys = _Keys()
        self._stamp: tuple[int, int] | None = None
        self._look_at = 0.0

    def make(self) -> None:
        """See to it that there is a key."""
        with self._alone():
            if not self._path.exists():
                self._write(_new(), ())

    def rotate(self, *, drop: bool = False) -> str:
        """Sign with a new key from now on; its id. `drop`: the older ones are believed no more, and neither is what they signed."""
        with self._alone():
            self._look_at = 0.0
            before = self._current()
            fresh = _new()
            older = () if drop else (*((before.signing,) if before.signing else ()), *self._published(before))
            until = {**before.until, **({str(before.signing.kid): self._clock() + LONGEST} if before.signing else {})}
            self._write(fresh, older, until)
        return str(fresh.kid)

    def sign(self, claims: Mapping[str, Any], kind: str = "JWT") -> str:
        """A JWT (RFC 7519) with these claims, RS256; `kind` is its `typ`. Raises `NoKey`."""
        key = self._current().signing
        if key is None:
            raise NoKey(f"There is no key to sign tokens with in {self._path.parent}: run `python -m services provision`.")
        return jwt.encode({"alg": ALGORITHM, "kid": str(key.kid)}, dict(claims), key, [ALGORITHM], default_type=kind)

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK set (RFC 7517)."""
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM} for key in self.believed()]}

    def believed(self) -> tuple[RSAKey, ...]:
        """The keys that are believed, the one that signs first."""
        found = self._current()
        return (*((found.signing,) if found.signing else ()), *self._published(found))

    def published(self) -> list[tuple[RSAKey, float]]:
        """The keys that are believed, and until when in seconds since 1970; 0: it is the one that signs."""
        until = self._current().until
        return [(key, until.get(str(key.kid), 0.0)) for key in self.believed()]

    def _published(self, keys: _Keys) -> tuple[RSAKey, ...]:
        now = self._clock()
        return tuple(key for key in keys.older if keys.until.get(str(key.kid), 0) > now)

    def _current(self) -> _Keys:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK
            stamp = self._stamped()
            if stamp != self._stamp:
                self._keys, self._stamp = self._read(), stamp
        return self._keys

    def _stamped(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _read(self) -> _Keys:
        try:
            kept = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return _Keys()
        older = tuple(RSAKey.import_key(each["key"]) for each in kept["older"])
        until = {each["key"]["kid"]: float(each["until"]) for each in kept["older"]}
        return _Keys(RSAKey.import_key(kept["signing"]), older, until)

    def _write(self, signing: RSAKey, older: tuple[RSAKey, ...], until: Mapping[str, float] | None = None) -> None:
        """Of the older ones only the public half is kept: nobody signs with them again."""
        kept = {
            "signing": signing.as_dict(private=True),
            "older": [{"key": each.as_dict(private=False), "until": (until or {})[str(each.kid)]} for each in older],
        }
        write_secret(self._path, json.dumps(kept))
        self._look_at = 0.0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def told_keys(jwks: str) -> tuple[RSAKey, ...]:
    """The public keys of a JWK set in JSON, as `Issuer.jwks` makes it; of an empty text: none. Raises `ValueError`."""
    return tuple(RSAKey.import_key(each) for each in json.loads(jwks)["keys"]) if jwks else ()


def _new() -> RSAKey:
    return RSAKey.generate_key(BITS, auto_kid=True)
