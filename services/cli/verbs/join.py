"""`join`: make this machine an agent of a server elsewhere; after it `python -m services.agent` needs nothing else."""

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from libs.runtime.settings import read
from services.agent import joining
from services.agent.settings import AgentSettings
from services.cli.terminal import offer_json, report

SUMMARY = "make this machine an agent of a server elsewhere, by an enrolment token"


def declare(parser: ArgumentParser) -> None:
    """The server's address, and how it is known."""
    parser.add_argument("server", help="its address, such as https://print.example.org:39900")
    parser.add_argument(
        "--token", default="", help="the enrolment token; others may see it here: better leave it out, and it is asked for"
    )
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--ca", type=Path, help="file with the certificate (PEM) of the server's authority")
    known.add_argument("--fingerprint", default="", help="that certificate's SHA-256, as `agent invite` shows it")
    parser.set_defaults(run=run)
    offer_json(parser)


async def run(said: Namespace) -> int:
    """Enrol, and write everything into the data folder."""
    settings = read(AgentSettings)
    server = await joining.find(said.server, ca=said.ca, mark=said.fingerprint)
    token = said.token or settings.enrolment_token or await asyncio.to_thread(_ask)
    sn = await joining.join(server, token, settings.data_dir)
    joined = read(AgentSettings)
    what = {"sn": sn, "tenant": joined.tenant, "bus": joined.nats_url, "folder": str(settings.data_dir.absolute())}
    lines = (
        f"This machine is the agent {sn} of the tenant {joined.tenant}; the bus is at {joined.nats_url}.",
        f"All that it needs is in {settings.data_dir.absolute()}. Name its printers in PRINTBUS_PRINTERS and start it:",
        "  python -m services.agent",
    )
    report(what, *lines, as_json=said.json)
    return 0


def _ask() -> str:
    """The token from whoever sits there, unseen, or from a pipe."""
    if sys.stdin.isatty():
        return getpass.getpass("Enrolment token: ").strip()
    return sys.stdin.readline().strip()
