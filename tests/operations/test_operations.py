"""docs/operations.md is done as it is written, on one machine and a site beside it, and nobody gets a label twice."""

import json
import signal

import pytest

from tests.operations.office import LARGE, until
from tests.operations.page import rotations, stopped


@pytest.mark.timeout(240)
def test_what_is_installed_prints_here_and_at_the_site(office):
    until(lambda: office.counts("Label", "hello") == [1])
    office.print("Shelf", "at the site")
    assert office.counts("Shelf", "at the site") == [1]


@pytest.mark.timeout(300)
def test_after_a_restore_nobody_gets_a_label_twice_before_somebody_says_so(office):
    operator = office.operator
    (key,) = office.print("Label", "with a key", idempotencyKey="order-4711")
    of_site = json.loads(operator.say('python -m services token add --client "$SITE" --name test --json'))["token"]
    other = f"""call() {{ curl -fsS http://127.0.0.1:39899/openapi -H "Api-Access-Token: {of_site}" -d "$1"; }}"""

    def lines(command: str) -> None:
        said = [f"""call '{{"command": "{command}", "data": {{"deviceName": "{name}"}}}}'""" for name in ("Label", "Shelf")]
        operator.say(f"{said[0]}\n{other}\n{said[1]}")

    lines("pauseDevice")
    open_here, open_there = office.send("Label", "one", "two", "three"), office.send("Shelf", "four", "five")
    operator.section("Back up")
    lines("resumeDevice")
    office.end([*open_here, *open_there])
    (after,) = office.print("Label", "after the backup")
    assert office.counts("Label", "one", "two", "three", "after the backup") == [1, 1, 1, 1]

    operator.stop("printbus", signal.SIGKILL)
    blocks = operator.blocks("Restore")
    told = next(blocks)
    assert all(task in told for task in (*open_here, *open_there))
    assert after not in office.statuses()
    assert office.send("Label", "with a key", idempotencyKey="order-4711") == [key]
    lines("resumeDevice")
    office.print("Label", "new")
    office.print("Shelf", "new there")
    assert office.counts("Label", "one", "two", "three", "after the backup", "with a key", "new") == [1] * 6
    assert office.counts("Shelf", "four", "five", "new there") == [1] * 3

    operator.say(f"python -m services unknown reprint {open_here[1]} {open_there[0]}")
    office.end([open_here[1], open_there[0]])
    next(blocks)
    office.end([*open_here, *open_there])
    assert office.counts("Label", "one", "two", "three") == [1, 2, 1]
    assert office.counts("Shelf", "four", "five") == [2, 1]


@pytest.mark.timeout(240)
def test_what_has_new_keys_prints_on(office):
    before = office.operator.say("cat /srv/printbus/data/token")
    office.operator.say("\n".join(rotations()["the issuer's signing key"]))
    office.operator.say(
        stopped(
            "documents' and uploads' addresses", "this server's own token", "a service's credentials on the bus", "the sealing pair"
        )
    )
    assert office.operator.say("cat /srv/printbus/data/token") != before
    office.print("Label", "with new keys")
    large = json.dumps({"command": "newPrintTask", "data": {"task": {"deviceName": "Shelf", "mediaSource": "STRING",
                        "mediaFormat": "TEXT", "content": LARGE, "name": "large"}}})  # fmt: skip
    office.end([json.loads(office.operator.say(f"call '{large}'"))["data"]["taskId"]])


@pytest.mark.timeout(120)
def test_a_site_that_is_taken_away_is_out(office):
    operator = office.operator
    of_site = json.loads(operator.say('python -m services token add --client "$SITE" --name waiting --json'))["token"]
    shown = f'-H "Api-Access-Token: {of_site}"'
    operator.say(
        f"""curl -fsS http://127.0.0.1:39899/openapi {shown} -d '{{"command": "pauseDevice", "data": {{"deviceName": "Shelf"}}}}'"""
    )
    left, elsewhere = office.send("Shelf", "left", "elsewhere")
    *_, leaving = operator._sections["Add a site, take one away"]
    operator.say(leaving.text)
    until(lambda: "bus closed by the server" in operator.log("printbus-agent"), what=lambda: operator.log("printbus-agent"))
    assert [each["name"] for each in office.call("listDevices", deviceType="printer") if each["name"] == "Shelf"] == []
    assert {office.statuses()[task] for task in (left, elsewhere)} == {"QUEUED"}
    assert "paused" in office.call("getTask", taskId=left)["message"]
    office.end([office.call("retryTask", taskId=elsewhere, deviceName="Label")["taskId"]])
    for task in (left, elsewhere):
        office.call("cancelTask", taskId=task)
    office.end([left, elsewhere], "CANCELED")
    assert office.counts("Label", "left", "elsewhere") == [0, 1]
    assert office.counts("Shelf", "left", "elsewhere") == [0, 0]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_what_is_upgraded_prints_on(office):
    office.operator.section("Upgrade")
    office.print("Label", "upgraded")
