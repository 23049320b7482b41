"""The Secrets that the manifests name, and what is in each: no service is given a key that it does not need."""

from collections.abc import Mapping

from libs.runtime.authority import CERTIFICATE
from libs.runtime.authority import KEY as AUTHORITY_KEY
from libs.runtime.issuing import FILE as ISSUER
from libs.runtime.keys import (
    ACCOUNT_PUBLIC,
    ADMIN,
    AGENTS_SIGNER,
    DOCUMENT_KEY,
    OPERATOR_JWT,
    REGION,
    SEAL_PRIVATE,
    SEAL_PUBLIC,
    SYSTEM,
    UPLOAD_KEY,
)

#: What of the folder of keys each service reads, by Secret. The registry enrols agents and puts them out: it has signing keys.
KEYS: Mapping[str, tuple[str, ...]] = {
    "printbus-gateway": ("gateway.creds", CERTIFICATE, DOCUMENT_KEY, UPLOAD_KEY, SEAL_PUBLIC, ISSUER),
    "printbus-registry": (
        "registry.creds",
        CERTIFICATE,
        AUTHORITY_KEY,
        ACCOUNT_PUBLIC,
        AGENTS_SIGNER,
        "account.seed",
        "operator.seed",
        OPERATOR_JWT,
        f"{SYSTEM}.creds",
        REGION,
    ),
    "printbus-spooler": ("spooler.creds", CERTIFICATE, DOCUMENT_KEY),
    "printbus-converter": ("converter.creds", CERTIFICATE, SEAL_PRIVATE),
    "printbus-webhooks": ("webhooks.creds", CERTIFICATE),
    "printbus-streams": (f"{ADMIN}.creds", CERTIFICATE),
}
#: What is made for the cluster alone: `deploy.contents` makes it.
MADE: Mapping[str, tuple[str, ...]] = {
    "printbus-agent": (CERTIFICATE,),  # and <serial number>.creds
    "printbus-nats": ("auth.conf", "routes.conf", "links.conf", "nats.pem", "nats.key", "routes.pem", "routes.key", CERTIFICATE),
    "printbus-own": ("sn", "token"),
    "printbus-links": (),  # <region>.link of each other region
}
#: What is known to other programs: their variables, by the keys of the Secret.
GIVEN: Mapping[str, Mapping[str, str]] = {
    "printbus-database": {"url": "PRINTBUS_DATABASE_URL"},
    "printbus-documents": {
        "access-key-id": "AWS_ACCESS_KEY_ID",
        "secret-access-key": "AWS_SECRET_ACCESS_KEY",
        "region": "AWS_REGION",
    },
}
#: What others make in the cluster: CloudNativePG, and whoever certifies.
OTHERS: Mapping[str, tuple[str, ...]] = {"printbus-database-app": ("uri",), "printbus-https": ("tls.crt", "tls.key")}
SECRETS: Mapping[str, tuple[str, ...]] = {**KEYS, **MADE, **{name: tuple(keys) for name, keys in GIVEN.items()}, **OTHERS}
