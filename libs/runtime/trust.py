"""Whom to trust on the way to the bus and to documents: an authority whose certificate lies beside the credentials, too."""

import hashlib
import ssl
from pathlib import Path
from typing import Any

#: The file beside a credentials file with the certificate of an authority that is trusted beside the system's own.
CA_FILE = "ca.pem"


def bus_servers(url: str) -> list[str]:
    """The servers that the setting NATS_URL names, with commas between."""
    return url.split(",")


def bus_options(url: str, credentials: Path) -> dict[str, Any]:
    """Options of nats-py for this address: TLS and nothing but TLS for tls:// and wss://.

    `tls://` begins with the handshake, before the server says a word: nobody on the way can talk it into going without.
    """
    if not url.startswith(("tls://", "wss://")):
        return {}
    return {"tls": context(credentials.parent), "tls_handshake_first": url.startswith("tls://")}


def context(folder: Path) -> ssl.SSLContext:
    """TLS to servers that the authority in this folder vouches for, or one that everybody knows."""
    trusting = ssl.create_default_context()
    if (folder / CA_FILE).is_file():
        trusting.load_verify_locations(cafile=str(folder / CA_FILE))
    return trusting


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate (PEM file), in hexadecimal digits; empty: there is none."""
    if not certificate.is_file():
        return ""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
