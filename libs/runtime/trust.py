"""Whom to trust on the way to the bus and to documents: an authority whose certificate lies beside the credentials."""

import hashlib
import ssl
from pathlib import Path
from typing import Any

#: The file beside a credentials file with the authority's certificate; without it the system's own authorities are trusted.
CA_FILE = "ca.pem"


def bus_options(url: str, credentials: Path) -> dict[str, Any]:
    """Options of nats-py for this address: TLS and nothing but TLS for tls:// and wss://.

    `tls://` begins with the handshake, before the server says a word: nobody on the way can talk it into going without.
    """
    if not url.startswith(("tls://", "wss://")):
        return {}
    ca = credentials.with_name(CA_FILE)
    context = ssl.create_default_context(cafile=str(ca) if ca.is_file() else None)
    return {"tls": context, "tls_handshake_first": url.startswith("tls://")}


def documents_context(folder: Path) -> ssl.SSLContext:
    """For documents: they come from the server itself, or from a store that everybody knows."""
    context = ssl.create_default_context()
    if (folder / CA_FILE).is_file():
        context.load_verify_locations(cafile=str(folder / CA_FILE))
    return context


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate (PEM file), in hexadecimal digits; empty: there is none."""
    if not certificate.is_file():
        return ""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
