"""Signatures and secrets as Standard Webhooks has them."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import datetime

from standardwebhooks import Webhook

from services.webhooks.domain import Delivery, Endpoint

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins, not a secret
#: Bytes of a secret that we make; the specification allows 24 to 64.
LENGTH = 32


def make_secret() -> str:
    """A new secret."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def is_secret(text: str) -> bool:
    """Whether a text is a secret as the specification wants it."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        return False
    return text.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64


def signed(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    """Id, time, signatures, and our own: the attempt's number, and whether somebody had the event told again."""
    found = {
        "webhook-id": delivery.event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-attempt": str(delivery.attempts + 1),
    }
    signatures = [
        Webhook(secret).sign(delivery.event, now, delivery.body) for secret in endpoint.secrets(int(now.timestamp() * 1000))
    ]
    if signatures:
        found["webhook-signature"] = " ".join(signatures)
    if delivery.replay:
        found["webhook-replay"] = str(delivery.replay)
    return found
