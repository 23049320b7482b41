"""A token of a user for the command line: for programs of one's own, where nobody is there to sign in."""

import time
import uuid
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any

from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.people import UserView
from libs.runtime.issuing import LONGEST, Issuer
from libs.runtime.machine import bracketed
from libs.runtime.settings import read
from services.cli.moments import later
from services.cli.office import Office, office
from services.cli.terminal import moment, report
from services.gateway.directory import app_of
from services.gateway.graph.rights.permissions import DELEGATED
from services.gateway.issuer.discovery import issuer_name
from services.gateway.oidc.own import KIND, audiences, user_claims
from services.gateway.settings import GatewaySettings
from services.registry import people
from services.registry.enrol import Unfit

#: Seconds for which a token is good when nothing else is said.
HOUR = 3600


def declare(action: ArgumentParser) -> None:
    """What may be said; the user and the tenant are declared with all actions of `user`."""
    action.add_argument("--application", required=True, metavar="SN|ID", help="the application that acts for the user")
    action.add_argument(
        "--scopes", required=True, type=_scopes, metavar="LIST", help='such as "PrintJob.Create PrinterShare.ReadBasic.All"'
    )
    action.add_argument("--expires", type=later, default=0, metavar="WHEN", help="12h or 7d, which is the longest; missing: 1h")
    action.set_defaults(run=token)


async def token(said: Namespace) -> int:
    """Make an access token and write it, this once."""
    settings = read(GatewaySettings)
    if not settings.issuer_enabled:
        raise Unfit("This server's issuer is off (PRINTBUS_ISSUER_ENABLED): nobody would believe the token.")
    now = int(time.time())
    until = said.expires // 1000 or now + HOUR
    if until > now + LONGEST:
        raise Unfit(f"A token is good for {LONGEST // 86_400} days at most: write --expires 7d or less.")
    async with office() as desk:
        user, client = await _user(desk, said), await _application(desk, said)
        claims = {**_about(settings, said.tenant, now, until), **user_claims(client, user, said.scopes)}
        signed = Issuer(settings.keys_dir).sign(claims, KIND)
        async with desk.store.change() as change:
            details = {"application": client.sn, "scopes": list(said.scopes), "expires_at": until * 1000, "token": claims["jti"]}
            await change.note("user token made", user.id, said.tenant, **details)
    what = {"token": signed, "user": user.id, "application": app_of(client), "scopes": list(said.scopes)}
    report({**what, "expires": moment(until * 1000)}, signed, as_json=said.json)
    return 0


async def _user(desk: Office, said: Namespace) -> UserView:
    async with desk.store.look() as look:
        row = await people.find_user(look, said.tenant, said.user)
        (user,) = await people.user_views(look, [row]) if row else (None,)
    if user is None or not user.enabled:
        raise Unfit(f"There is no enabled user {said.user!r} in the tenant {said.tenant!r}; `user list` names them.")
    return user


async def _application(desk: Office, said: Namespace) -> ClientEntry:
    named = said.application.lower()
    for each in await desk.store.all_clients():
        ours = each.tenant == said.tenant and each.role is ClientKind.APP and each.enabled
        if ours and (each.sn == said.application or app_of(each).lower() == named):
            return each
    raise Unfit(
        f"There is no enabled application {said.application!r} in the tenant {said.tenant!r}; `application list` names them."
    )


def _about(settings: GatewaySettings, tenant: str, now: int, until: int) -> dict[str, Any]:
    """What the token says of itself; times in seconds since 1970."""
    base = settings.public_url.rstrip("/") or f"http://{bracketed(settings.http_host)}:{settings.http_port}"
    audience = audiences(settings.graph_audience, settings.public_url)[0]
    return {"iss": issuer_name(base, tenant), "aud": audience, "iat": now, "nbf": now, "exp": until, "jti": str(uuid.uuid4())}


def _scopes(text: str) -> tuple[str, ...]:
    """Delegated permissions with spaces or commas between them. Raises `ArgumentTypeError`."""
    found = tuple(dict.fromkeys(text.replace(",", " ").split()))
    known = {each.lower(): each for each in DELEGATED}
    wrong = [each for each in found if each.lower() not in known]
    if wrong or not found:
        said = f"{', '.join(wrong)} cannot be" if wrong else "nothing is named"
        raise ArgumentTypeError(f"{said}: write some of {' '.join(DELEGATED)}")
    return tuple(known[each.lower()] for each in found)
