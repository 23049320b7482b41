"""Keys of an application for the command line: what it signs with in the place of a secret (private_key_jwt)."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from libs.contracts.directory import AppKey, ClientKind
from services.cli.office import office
from services.cli.terminal import moment, offer_json, report, show
from services.registry import appkeys
from services.registry.enrol import Unfit


def declare(parser: ArgumentParser) -> None:
    """`add`, `list`, `remove`."""
    actions = parser.add_subparsers(dest="what", metavar="what", required=True)
    one = actions.add_parser("add", help="let it sign with the key of a certificate; the private key stays where it is")
    one.add_argument("--certificate", required=True, type=Path, metavar="FILE", help="PEM: a certificate, or a public key")
    one.add_argument("--name", default="", help="what it is called here; missing: as the certificate's subject")
    one.set_defaults(run=add)
    actions.add_parser("list", help="its keys, and until when they are good").set_defaults(run=list_all)
    away = actions.add_parser("remove", help="the key is good no more, within seconds, nor what it was given for it")
    away.set_defaults(run=remove)
    for action in actions.choices.values():
        action.add_argument("sn", help="the application's serial number")
        offer_json(action)
    away.add_argument("key", help="its name or thumbprint")


async def add(said: Namespace) -> int:
    """Read a certificate and give its key to an application."""
    try:
        pem = said.certificate.read_bytes()
    except OSError as error:
        raise Unfit(f"The file {said.certificate} cannot be read: {error.strerror or 'it is none'}.") from None
    key = appkeys.read_key(pem)
    async with office() as desk:
        added = await appkeys.add_key(desk.store, said.sn, key, said.name)
    until = f", until {moment(added.expires_at)}" if added.expires_at else ""
    report({"sn": said.sn, **_row(added)}, f"The application {said.sn} may sign with {added.name!r}{until}.", as_json=said.json)
    return 0


async def list_all(said: Namespace) -> int:
    """The keys of an application."""
    async with office() as desk:
        app = await desk.store.client(said.sn)
    if app is None or app.role is not ClientKind.APP:
        raise Unfit(f"There is no application {said.sn}.")
    show([_row(each) for each in app.keys], as_json=said.json)
    return 0


async def remove(said: Namespace) -> int:
    """Take a key from an application."""
    async with office() as desk:
        gone = await appkeys.remove_key(desk.store, said.sn, said.key)
    line = f"The key {gone.name!r} of {said.sn} is removed, and the tokens that it was given for it are void."
    report({"sn": said.sn, "name": gone.name, "thumbprint": gone.thumbprint}, line, as_json=said.json)
    return 0


def _row(key: AppKey) -> dict[str, Any]:
    now = time.time() * 1000
    state = "expired" if 0 < key.expires_at <= now else "not yet good" if key.begins_at > now else "good"
    return {
        "name": key.name,
        "kind": key.jwk["kty"],
        "thumbprint": key.thumbprint,
        "x5t": key.sha1,
        "expires": moment(key.expires_at),
        "state": state,
    }
