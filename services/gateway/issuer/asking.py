"""A request for a token as it comes: a form, with the application's id and secret in it or in `Authorization: Basic` (RFC 6749).

In the place of a secret it may have an assertion, which the application has signed (RFC 7523).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from services.gateway.issuer.refusal import Refusal

#: Bytes of a form.
MOST = 64 * 1024
GRANT = "client_credentials"
FORM = "application/x-www-form-urlencoded"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for. `basic`: id and secret came in the header; `assertion`: it stands in the secret's place."""

    client_id: str
    secret: str
    scope: str
    resource: str
    basic: bool
    assertion: str = ""


def read(headers: Mapping[str, str], body: bytes) -> Asking:
    """The request; names of `headers` in small letters. Raises `Refusal`."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refusal("invalid_request", f"Send a form: Content-Type {FORM}.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise Refusal("invalid_request", "The form cannot be read: send it percent-encoded, in UTF-8.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refusal("invalid_request", "The form says something twice.")
    if "grant_type" not in form:
        raise Refusal("invalid_request", f"grant_type is missing: write grant_type={GRANT}.")
    if form["grant_type"] != GRANT:
        message = f"Only {GRANT} is offered here: tokens of users come from `python -m services user token`, or another issuer."
        raise Refusal("unsupported_grant_type", message)
    if "client_assertion" in form or "client_assertion_type" in form:
        asserted = _assertion(headers, form)
        return Asking(
            form.get("client_id", ""), "", form.get("scope", ""), form.get("resource", ""), basic=False, assertion=asserted
        )
    client_id, secret, basic = _credentials(headers, form)
    return Asking(client_id, secret, form.get("scope", ""), form.get("resource", ""), basic)


def _assertion(headers: Mapping[str, str], form: Mapping[str, str]) -> str:
    if form.get("client_assertion_type") != ASSERTION:
        raise Refusal("invalid_request", f"client_assertion_type is another one, or missing: write {ASSERTION}.")
    if "client_secret" in form or headers.get("authorization", "").lower().startswith("basic"):
        raise Refusal("invalid_request", "The application shows a secret and a client_assertion: send one of them.")
    if not form.get("client_assertion"):
        raise Refusal("invalid_request", "client_assertion is missing: a JWT that the application has signed.")
    return form["client_assertion"]


def _credentials(headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, str, bool]:
    scheme, _, given = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        if not form.get("client_id") or not form.get("client_secret"):
            message = "client_id and client_secret are missing: the application's id, and one of its tokens."
            raise Refusal("invalid_client" if form.get("client_id") else "invalid_request", message)
        return form["client_id"], form["client_secret"], False
    if "client_secret" in form:
        raise Refusal("invalid_request", "The secret came twice: in the header Authorization and in the form.")
    try:
        client_id, colon, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = client_id = secret = ""
    if not colon:
        raise Refusal("invalid_request", "The header Authorization: Basic is not id:secret in base64.")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if form.get("client_id", client_id) != client_id:
        raise Refusal("invalid_request", "The form and the header Authorization name two applications.")
    return client_id, secret, True
