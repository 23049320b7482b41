"""Resource data for one reader's eyes (graph-print.md 4.9): AES-256-CBC, HMAC-SHA256 and RSA-OAEP, by the reader's certificate."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_KEY = 32
_BLOCK = 16
#: Bits that a key may have: what Graph asks for.
SMALLEST, LARGEST = 2048, 4096


class Unusable(Exception):
    """A certificate that nothing can be encrypted with; the sentence says what to send instead."""


def certificate_of(text: str) -> tuple[x509.Certificate, RSAPublicKey]:
    """A certificate in base64 (DER, or PEM within), with its key. Raises `Unusable`."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        found = x509.load_pem_x509_certificate(data) if data.startswith(b"-----") else x509.load_der_x509_certificate(data)
        key = found.public_key()
    except (binascii.Error, ValueError):
        raise Unusable("encryptionCertificate must be an X.509 certificate in base64") from None
    if not isinstance(key, RSAPublicKey) or not SMALLEST <= key.key_size <= LARGEST:
        raise Unusable(f"encryptionCertificate must have an RSA key of {SMALLEST} to {LARGEST} bits")
    return found, key


def encrypt(content: bytes, certificate: str, certificate_id: str) -> Mapping[str, str]:
    """ChangeNotificationEncryptedContent of `content`, with a new key each time. Raises `Unusable`."""
    found, public = certificate_of(certificate)
    key = secrets.token_bytes(_KEY)
    padder = padding.PKCS7(_BLOCK * 8).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:_BLOCK])).encryptor()
    data = cipher.update(padder.update(content) + padder.finalize()) + cipher.finalize()
    sealed = public.encrypt(key, OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None))  # noqa: S303 - what the protocol says
    return {
        "data": _text(data),
        "dataKey": _text(sealed),
        "dataSignature": _text(hmac.digest(key, data, hashlib.sha256)),
        "encryptionCertificateId": certificate_id,
        "encryptionCertificateThumbprint": found.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - as Windows names them
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
