"""A server with what a partner solution needs: an application, an administrator, users, and tokens of the built-in issuer."""

import asyncio
import json
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from libs.runtime import children
from tests.integration.installation import ROOT, Installation

ROLES = "Printer.Read.All,Printer.ReadWrite.All,PrintJob.ReadWrite.All,PrintJob.Manage.All,PrintTaskDefinition.ReadWrite.All"
USER_SCOPES = "PrinterShare.ReadBasic.All PrintJob.ReadWrite Printer.Read.All"
ADMIN_SCOPES = (
    "Printer.Create Printer.FullControl.All PrinterShare.ReadWrite.All PrintJob.ReadWrite.All PrintConnector.ReadWrite.All "
    "PrintSettings.ReadWrite.All Reports.Read.All"
)
BOSS = ("boss@example.org", "--administrator")
PEOPLE = (BOSS, ("anna@example.org",), ("otto@example.org",))


@dataclass
class Tenancy:
    """One tenant of a running installation, over HTTPS at `secure`. `app_id` and `secret` are the partner application's."""

    server: Installation
    secure: str = ""
    sn: str = ""
    app_id: str = ""
    secret: str = ""

    def printed(self, printer: str, job: str) -> list[Path]:
        """What came out of a `file` printer for the task of a job."""
        return sorted((self.server.folder / printer.lower()).glob(f"{job.partition('.')[0]}*.pdf"))

    @property
    def base(self) -> str:
        return f"{self.server.url}/v1.0"

    async def verb(self, *words: str) -> Any:
        """What `python -m services <words> --json` says."""
        process = await asyncio.to_thread(_run, self.server, words)
        return json.loads(process) if process.strip() else None

    async def furnish(self, people: Sequence[tuple[str, ...]] = PEOPLE) -> None:
        """Make the application, an administrator and two users, or these people (words of `user add`)."""
        made = await self.verb("application", "add", "--tenant", "main", "--name", "Partner", "--roles", ROLES)
        self.sn, self.app_id = made["sn"], made["appId"]
        made, *_ = await asyncio.gather(
            self.verb("token", "add", "--client", self.sn, "--name", "secret"),
            *(self.verb("user", "add", name, "--tenant", "main", "--display", name[:4].title(), *more) for name, *more in people),
        )
        self.secret = made["token"]

    async def app_token(self) -> str:
        """As the partner's program gets it: client credentials."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.post(
                f"{self.server.url}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.app_id,
                    "client_secret": self.secret,
                    "scope": f"{self.server.url}/.default",
                },
            )
        assert answer.status_code == httpx.codes.OK, answer.text
        return str(answer.json()["access_token"])

    async def user_token(self, name: str, scopes: str = USER_SCOPES) -> str:
        """As the command line gives it."""
        made = await self.verb("user", "token", name, "--tenant", "main", "--application", self.sn, "--scopes", scopes)
        return str(made["token"])


def _run(server: Installation, words: tuple[str, ...]) -> str:
    answer = server.data.parent / f"verb-{uuid.uuid4()}.json"
    argv = [sys.executable, "-m", "services", *words, "--json"]
    with answer.open("wb") as output, server.log.open("ab") as log:
        process = children.start(argv, env=server.environment(), cwd=ROOT, stdout=output, stderr=log)
        assert process.wait(60) == 0, f"{' '.join(words)}: {server.tail(5)}"
    return Path(answer).read_text()
