"""Resource data as a receiver takes it apart: key, signature, data, in this order (graph-print.md 4.9)."""

import base64
import datetime as dt
import hashlib
import hmac
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from joserfc import jwt
from joserfc.jwk import KeySet

from libs.runtime.issuing import Issuer, NoKey
from services.webhooks.graph.encryption import Unusable, certificate_of, encrypt
from services.webhooks.graph.matching import notices
from services.webhooks.graph.notification import body, kept
from services.webhooks.graph.tokens import ValidationTokens
from tests.webhooks.subscribing import APP, fetchable, to_hooks, to_jobs


def certificate(key, form=serialization.Encoding.DER):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at + dt.timedelta(days=9)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(form)).decode()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def opened(found, key):
    """What a receiver does."""
    raw = {name: base64.b64decode(found[name]) for name in ("data", "dataKey", "dataSignature")}
    secret = key.decrypt(raw["dataKey"], OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None))
    assert hmac.compare_digest(hmac.digest(secret, raw["data"], hashlib.sha256), raw["dataSignature"])
    cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return json.loads(unpadder.update(cipher.update(raw["data"]) + cipher.finalize()) + unpadder.finalize())


def test_a_receiver_finds_the_job_in_an_encrypted_notification(key):
    shown = certificate(key)
    one = to_jobs("u", data=True, certificate=shown, certificate_id="2026")
    (notice,) = notices(fetchable(1), one)
    posted = json.loads(body(kept(fetchable(1), notice, one), one, lambda data: encrypt(data, shown, "2026"), ("token",)))
    (told,) = posted["value"]
    assert posted["validationTokens"] == ["token"]
    assert "entity" not in told
    content = told["encryptedContent"]
    assert content["encryptionCertificateId"] == "2026"
    assert content["encryptionCertificateThumbprint"] == certificate_of(shown)[0].fingerprint(hashes.SHA1()).hex().upper()
    found = opened(content, key)
    assert (found["id"], found["isFetchable"], found["status"]["state"]) == (told["resourceData"]["id"], True, "pending")
    assert encrypt(b"{}", shown, "")["dataKey"] != encrypt(b"{}", shown, "")["dataKey"]


def test_certificates_are_rsa_of_a_good_length_in_der_or_pem(key):
    assert certificate_of(certificate(key, serialization.Encoding.PEM))
    wrong = (certificate(rsa.generate_private_key(65537, 1024)), certificate(ec.generate_private_key(ec.SECP256R1())), "no", "")
    for each in wrong:
        with pytest.raises(Unusable, match="encryptionCertificate"):
            certificate_of(each)


def test_validation_tokens_say_who_sent_it_to_whom(tmp_path):
    issuer = Issuer(tmp_path)
    tokens = ValidationTokens(issuer, "publisher")
    assert tokens(to_hooks("u")) == ()
    with pytest.raises(NoKey):
        tokens(to_hooks("u", data=True))
    Issuer(tmp_path).make()
    tokens = ValidationTokens(Issuer(tmp_path), "publisher")
    keys = KeySet.import_key_set(Issuer(tmp_path).jwks())
    for one, audience in ((to_hooks("u", data=True), APP), (to_hooks("u", token_audience="another"), "another")):
        (token,) = tokens(one)
        claims = jwt.decode(token, keys).claims
        assert (claims["aud"], claims["azp"], claims["appid"]) == (audience, "publisher", "publisher")
        assert claims["iss"] == f"http://print.example/{claims['tid']}/v2.0"
        assert claims["exp"] > claims["iat"]
