"""Resource data as a receiver takes it apart: key, signature, data, in this order (graph-print.md 4.9)."""

import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import KeySet

from libs.runtime.issuing import Issuer, NoKey
from services.webhooks.graph.encryption import Unusable, certificate_of, encrypt
from services.webhooks.graph.matching import notices
from services.webhooks.graph.notification import body, kept
from services.webhooks.graph.tokens import ValidationTokens
from tests.webhooks.encrypted import certificate, opened
from tests.webhooks.subscribing import APP, fetchable, to_hooks, to_jobs


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


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
