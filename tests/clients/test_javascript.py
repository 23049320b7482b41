"""The official JavaScript client in Node.js: list, subscribe, submit, download."""

import hashlib
import json

import httpx
import pytest

from libs.contracts.ids import device_id, guid
from tests.clients import node

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


async def test_the_javascript_client_lists_subscribes_submits_and_downloads(tenancy, receiving_partner, document, tmp_path):
    file = tmp_path / "document.pdf"
    file.write_bytes(document)
    sn = tenancy.server.sn
    await tenancy.verb("offer", "add", "--tenant", "main", "--printer", f"{sn}/Paper", "--name", "Paper for all", "--everybody")
    said = {
        "server": tenancy.secure,
        "appToken": await tenancy.app_token(),
        "userToken": await tenancy.user_token("anna@example.org"),
        "printer": guid("printer", sn, device_id(sn, "Paper")),
        "notificationUrl": receiving_partner.url,
        "document": str(file),
    }
    lines = node.run("journey.mjs", json.dumps(said), authority=tenancy.server.data / "keys" / "ca.pem")
    steps = {step["step"]: step async for step in (json.loads(line) async for line in lines)}
    assert {"Paper", "Other"} <= set(steps["list"]["names"])
    assert steps["subscribe"]["latestSupportedTlsVersion"] == "v1_2"
    assert steps["submit"]["state"] in ("processing", "pending")
    assert (steps["end"]["state"], steps["end"]["isFetchable"], steps["end"]["size"]) == ("completed", True, len(document))
    assert steps["download"]["sha256"] == hashlib.sha256(document).hexdigest()
    assert (steps["refused"]["status"], steps["refused"]["named"]) == (httpx.codes.FORBIDDEN, True)
    told = await receiving_partner.told(f"jobs/{steps['submit']['job']}")
    assert told["clientState"] == "from JavaScript"
