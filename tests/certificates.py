"""Certificates that a key has signed itself, as applications make them."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID


def certificate(key, name="pull print", days=30):
    """In PEM, good since yesterday; `key` is a key of joserfc, and no `name` leaves the subject empty."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(7)
    since = datetime.now(UTC) - timedelta(days=1)
    builder = builder.public_key(key.public_key).not_valid_before(since).not_valid_after(since + timedelta(days=days + 1))
    return builder.sign(key.private_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
