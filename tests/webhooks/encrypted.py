"""A receiver of encrypted resource data: its certificate, and how it takes apart what comes (graph-print.md 4.9)."""

import base64
import datetime as dt
import hashlib
import hmac
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def certificate(key, form=serialization.Encoding.DER):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at + dt.timedelta(days=9)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(form)).decode()


def opened(found, key):
    """What a receiver does."""
    raw = {name: base64.b64decode(found[name]) for name in ("data", "dataKey", "dataSignature")}
    secret = key.decrypt(raw["dataKey"], OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None))
    assert hmac.compare_digest(hmac.digest(secret, raw["data"], hashlib.sha256), raw["dataSignature"])
    cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return json.loads(unpadder.update(cipher.update(raw["data"]) + cipher.finalize()) + unpadder.finalize())
