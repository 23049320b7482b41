"""Sealed fields: anybody with the public key closes them, only the holder of the private key opens them (NaCl sealed boxes)."""

import base64
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox


class Unopenable(Exception):
    """It was not sealed for this key, or it was changed."""


class Sealer:
    """Closes."""

    def __init__(self, public_key_file: Path) -> None:
        self._box = SealedBox(PublicKey(public_key_file.read_bytes()))

    def seal(self, data: bytes) -> str:
        """`data` as text that only the opener reads."""
        return base64.b64encode(self._box.encrypt(data)).decode()


class Opener:
    """Opens."""

    def __init__(self, private_key_file: Path) -> None:
        self._box = SealedBox(PrivateKey(private_key_file.read_bytes()))

    def open(self, sealed: str) -> bytes:
        """What was sealed. Raises `Unopenable`."""
        try:
            return bytes(self._box.decrypt(base64.b64decode(sealed)))
        except (CryptoError, ValueError) as error:
            raise Unopenable from error
