"""Every row of the table of keys in docs/operations.md is done as it says, and it goes on printing, here and at the site."""

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from libs.runtime.trust import bus_options
from tests.operations.office import LARGE, Office, until
from tests.operations.page import rotations, stopped

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

#: This one is done where there are two regions (test_regions.py).
ELSEWHERE = "link to another region"


class Rotating:
    """The rows, done at an installation with a site."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.operator = office.operator
        self.keys = Path(self.operator._here("/srv/printbus/data/keys"))

    def rotate(self, key: str) -> str:
        """What a row says of a server that runs; what was written."""
        return self.operator.say("\n".join(rotations()[key]))

    def rotate_stopped(self, key: str) -> None:
        """What a row says of a server that is stopped."""
        self.operator.say(stopped(key))

    def join_again(self, told: str) -> None:
        """The site, with the token of a new invitation."""
        self.operator.known["TOKEN"] = told.splitlines()[0]
        self.operator.known["FINGERPRINT"] = re.findall(r"--fingerprint (\S+)", told)[0]
        self.operator.stop("printbus-agent")
        site = self.operator.known["SITE"]
        assert f"is the agent {site} of" in next(self.operator.blocks("Add a site, take one away", "site"))

    def invite(self) -> str:
        return self.operator.say('python -m services agent invite --tenant main --sn "$SITE"')

    def prints_on(self, after: str) -> None:
        """A label here, and a large document at the site, which fetches it."""
        self.office.print("Label", after)
        assert self.office.counts("Label", after) == [1]
        task = {"deviceName": "Shelf", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": LARGE, "name": "large"}
        self.office.end([self.office.call("newPrintTask", task=task)["taskId"]])

    def status(self, path: str, header: str) -> int:
        """What a program is answered that shows this."""
        return int(self.operator.say(f"curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:39899{path} -H '{header}'"))

    def calls(self, token: str) -> int:
        asked = """-d '{"command": "getInfo"}' -H 'Api-Access-Token: """ + token + "'"
        return int(self.operator.say(f"curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:39899/openapi {asked}"))

    def let_in(self, credentials: Path) -> bool:
        """Whether the bus's server believes a file."""
        shutil.copy(self.keys / "ca.pem", credentials.parent)
        return asyncio.run(_connects(self.operator._here("tls://127.0.0.1:4223"), credentials))


async def _connects(url: str, credentials: Path) -> bool:
    client, given = Client(), {"user_credentials": str(credentials), "allow_reconnect": False, "max_reconnect_attempts": 1}
    try:
        await client.connect(url, **{**bus_options(url, credentials), **given})
    except (NatsError, OSError, TimeoutError):
        return False
    await client.close()
    return True


@pytest.fixture
def rotating(office: Office, request: pytest.FixtureRequest) -> Iterator[Rotating]:
    made = Rotating(office)
    yield made
    made.prints_on(request.node.name)


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Where callbacks go, and the headers of all that came."""
    came: list[dict[str, str]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", came
    server.shutdown()
    server.server_close()


def test_a_programs_token(rotating):
    said = 'python -m services token add --client "$SITE" --name old --json'
    old = json.loads(rotating.operator.say(said))["token"]
    until(lambda: rotating.calls(old) == 200)
    new = next(line for line in rotating.rotate("a program's token").split() if len(line) > 30)
    until(lambda: rotating.calls(new) == 200)
    until(lambda: rotating.calls(old) == 401)


def test_this_servers_own_token(rotating):
    old = (rotating.keys.parent / "token").read_text().strip()
    rotating.rotate_stopped("this server's own token")
    assert rotating.calls(old) == 401


def test_webhook_secret(rotating, heard):
    url, came = heard
    added = json.loads(rotating.operator.say(f"python -m services endpoint add --tenant main {url} --json"))
    rotating.operator.known["ENDPOINT"] = str(added["id"])
    rotating.office.print("Label", "told of")
    until(lambda: came)
    assert len(came[-1]["webhook-signature"].split()) == 1
    rotating.rotate("webhook secret")
    rotating.office.print("Label", "told of again")
    until(lambda: len(came[-1]["webhook-signature"].split()) == 2)
    rotating.operator.say('python -m services endpoint remove "$ENDPOINT"')


def test_the_issuers_signing_key(rotating):
    say = rotating.operator.say
    app = json.loads(say("python -m services application add --tenant main --name office --json"))["sn"]
    say("python -m services user add anna@clinic.example --tenant main")
    scopes = '--scopes "PrinterShare.ReadBasic.All"'
    token = say(f"python -m services user token anna@clinic.example --tenant main --application {app} {scopes}").strip()
    asked = ("/v1.0/print/shares", f"Authorization: Bearer {token}")
    until(lambda: rotating.status(*asked) == 200)
    rotating.rotate("the issuer's signing key")
    assert rotating.status(*asked) == 200
    say("python -m services issuer rotate --drop")
    until(lambda: rotating.status(*asked) == 401)


def test_documents_and_uploads_addresses(rotating):
    old = (rotating.keys / "documents.key").read_bytes()
    rotating.rotate_stopped("documents' and uploads' addresses")
    assert (rotating.keys / "documents.key").read_bytes() != old


def test_an_agents(rotating, tmp_path):
    (kept,) = Path(rotating.operator._here("/srv/site/data/keys")).glob("*.creds")
    old = Path(shutil.copy(kept, tmp_path))
    assert rotating.let_in(old)
    rotating.join_again(rotating.rotate("an agent's"))
    until(lambda: not rotating.let_in(old), 30)


def test_https_and_tls_certificates(rotating):
    old = (rotating.keys / "nats.pem").read_bytes()
    rotating.rotate_stopped("HTTPS and TLS certificates")
    assert (rotating.keys / "nats.pem").read_bytes() != old
    rotating.operator.say(f"curl -fsS --cacert {rotating.keys}/ca.pem https://localhost:39900/readyz")


def test_the_authority(rotating):
    old = (rotating.keys / "ca.pem").read_bytes()
    rotating.rotate_stopped("the authority")
    assert (rotating.keys / "ca.pem").read_bytes() != old
    rotating.join_again(rotating.invite())


def test_a_services_credentials_on_the_bus(rotating, tmp_path):
    old = Path(shutil.copy(rotating.keys / "gateway.creds", tmp_path))
    assert rotating.let_in(old)
    rotating.rotate_stopped("a service's credentials on the bus")
    assert not rotating.let_in(old)


def test_the_sealing_pair(rotating):
    old = (rotating.keys / "seal.pub").read_bytes()
    rotating.rotate_stopped("the sealing pair")
    assert (rotating.keys / "seal.pub").read_bytes() != old


def test_operator_account_and_agents_signer(rotating, tmp_path):
    old = Path(shutil.copy(rotating.keys / "admin.creds", tmp_path))
    assert rotating.let_in(old)
    rotating.operator.section("Rotate keys", "all of the bus")
    assert not rotating.let_in(old)
    rotating.join_again(rotating.invite())


def test_no_row_is_forgotten():
    done = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    rows = {re.sub("_+", "_", re.sub("[^a-z]", "_", key.lower().replace("'", ""))) for key in rotations() if key != ELSEWHERE}
    assert {row.replace("_agents_signer", "_and_agents_signer") for row in rows} <= done
