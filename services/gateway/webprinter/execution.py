"""Doing a command for whoever asked, over whichever channel: everything that can go wrong with it becomes an envelope."""

from difflib import get_close_matches
from typing import Any

import structlog

from libs.contracts.queries import Code
from libs.runtime.bus import Away, NotStored, Refused, Unanswered
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.envelope import Answer, Rejected, away, busy, failed, succeeded, undone
from services.gateway.webprinter.idempotency import KEY
from services.gateway.webprinter.reading.asking import Asked
from services.gateway.webprinter.reading.fields import Fields, said, shown
from services.gateway.webprinter.uploads import UPLOAD_COMMAND

log = structlog.get_logger()


async def execute(gateway: Gateway, identity: Identity, asked: Asked) -> Answer:
    """The answer to a command; nothing is raised."""
    region = gateway.region if gateway.far else ""
    try:
        return succeeded(await _execute(gateway, identity, asked))
    except Rejected as reason:
        return failed(str(reason))
    except Refused as refusal:
        return _refused(refusal)
    except (NotStored, Away) as error:
        log.warning("command not done", command=asked.command, cause=str(error))
        return undone(error, region)
    except Unanswered as error:
        log.warning("command not confirmed", command=asked.command, cause=str(error))
        doubt = "The server did not confirm this in time, and it may still be done: see with listTasks before you try again."
        return busy(away(region) + doubt)
    except Exception:
        log.exception("command failed", command=asked.command)
        return failed("The server has a fault; its log says which one.", 500)


async def _execute(gateway: Gateway, identity: Identity, asked: Asked) -> Any:
    command = COMMANDS.get(asked.command)
    if command is None:
        raise Rejected(_unknown(asked.command))
    data = asked.data if asked.data not in (None, "", []) else {}  # what some programs make of an empty object
    if not isinstance(data, dict):
        raise Rejected(f"data must be an object; it is {said(data)}.")
    if command.scope and not identity.may(command.scope):
        raise Rejected(f"This token is not good for {asked.command}: it lacks the scope {command.scope}.")
    if asked.key and data.get(KEY) in (None, ""):  # null means not set, here too
        data = {**data, KEY: asked.key}
    return await command.execute(gateway, identity, Fields(data))


def _unknown(command: str) -> str:
    """What is said to somebody who misspells a command."""
    if command == UPLOAD_COMMAND:
        return f"{UPLOAD_COMMAND} is no command but an address: send the file to /openapi/{UPLOAD_COMMAND}, as multipart/form-data."
    known = {name.lower(): name for name in COMMANDS}
    near = get_close_matches(command[:40].lower(), known, 1, 0.75)
    meant = f"do you mean {known[near[0]]}? getInfo" if near else "getInfo"
    return f"There is no command {shown(command)}; {meant} names all that there are."


def _refused(refusal: Refused) -> Answer:
    if refusal.code is Code.FAULT:
        return failed("The server has a fault; its log says which one.", 500)
    if refusal.code is Code.BUSY:
        return busy(refusal.message)
    return failed(refusal.message)
