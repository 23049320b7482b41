"""Certificates by which devices say who they are: of their own requests (PKCS#10, RFC 2986), signed by this machine's authority."""

import base64
import binascii
import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from libs.runtime.authority import Authority

#: There is no way to renew it but to register anew.
DAYS = 1825
#: Bits of an RSA key that is worth signing (NIST SP 800-131A).
RSA_BITS = 2048
_ARMOUR = re.compile(r"-----[A-Z ]+-----")
_SPACE = re.compile(r"\\[rn]|\s")


class BadRequest(ValueError):
    """It is no request that can be signed; the sentence says why."""


def read_request(text: str) -> x509.CertificateSigningRequest:
    """A request in base64, with or without PEM's first and last line, however it is broken into lines. Raises `BadRequest`."""
    bare = _SPACE.sub("", _ARMOUR.sub("", text))
    try:
        der = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("the certificate signing request is not base64") from None
    try:
        request = x509.load_der_x509_csr(der)
        good = request.is_signature_valid
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise BadRequest("the certificate signing request is not a PKCS#10 request") from None
    if not good:
        raise BadRequest("the certificate signing request is not signed with its own key")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_BITS:
        raise BadRequest(f"the key of the certificate signing request is too short: RSA keys have at least {RSA_BITS} bits")
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise BadRequest("the key of the certificate signing request is of a kind that is not signed: use RSA, ECDSA or Ed25519")
    return request


def certify(authority: Authority, request: x509.CertificateSigningRequest, guid: str) -> str:
    """The certificate of a device with this GUID for the key of its request, as base64 DER. Blocking.

    What else the request asks for is not granted. Raises `OSError` and `ValueError` where the authority has no key.
    """
    key = request.public_key()
    usage = {"content_commitment": False, "data_encipherment": False, "encipher_only": False, "decipher_only": False}
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, guid)]))
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_encipherment=isinstance(key, rsa.RSAPublicKey),
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"urn:uuid:{guid}")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    return base64.b64encode(authority.certify(builder, DAYS).public_bytes(Encoding.DER)).decode()
