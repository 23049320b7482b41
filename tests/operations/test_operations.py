"""docs/operations.md is done as it is written, on one machine and a site beside it, and nobody gets a label twice."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from demo.printers.port import Port
from tests.operations.page import Operator
from tests.operations.sink import Sink

#: About 30 KB of PDF: such a document is fetched from an address.
LARGE = "\n".join(f"line {number} {number * 7919 % 10007}" for number in range(4000))
#: So that a test need not wait for what it does not look at.
SETTINGS = {
    "CONVERTER_ENGINES": '["text", "raw"]',
    "CONVERTER_WORKERS": "1",
    "CONVERTER_LANES": "1",
    "FINISH_GRACE": "0",
    "SHUTDOWN_GRACE": "5",
    "NATS_LISTEN": "127.0.0.1",
}


def until(true: Callable[[], Any], within: float = 60.0, what: Callable[[], str] = str) -> Any:
    """`tests.waiting.until` for who says one thing after the other."""
    deadline = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)
    return found


class Office:
    """The operator, the label printers, and programs that print."""

    def __init__(self, operator: Operator, label: Sink, shelf: Sink) -> None:
        self.operator = operator
        self.labels = {"Label": label, "Shelf": shelf}

    def call(self, command: str, **data: Any) -> Any:
        answer = json.loads(self.operator.say(f"call '{json.dumps({'command': command, 'data': data})}'"))
        assert answer["success"], answer
        return answer.get("data")

    def send(self, device: str, *words: str, **more: Any) -> list[str]:
        """One label each; the tasks."""
        task = {"deviceName": device, "mediaSource": "STRING", "mediaFormat": "ZPL", **more}
        commands = [
            json.dumps({"command": "newPrintTask", "data": {"task": {**task, "name": each, "content": f"^XA^FD{each}^FS^XZ"}}})
            for each in words
        ]
        said = self.operator.say("\n".join(f"call '{command}'" for command in commands))
        answers = [json.loads(line) for line in said.splitlines()]
        assert all(answer["success"] for answer in answers), answers
        return [answer["data"]["taskId"] for answer in answers]

    def statuses(self) -> dict[str, str]:
        return {row["taskId"]: row["status"] for row in self.call("listTasks", limit=1000)}

    def end(self, tasks: list[str], status: str = "FINISHED") -> None:
        """Wait until they have this status."""
        seen: dict[str, str] = {}

        def reached() -> bool:
            seen.update(self.statuses())
            return all(seen.get(task) == status for task in tasks)

        until(reached, what=lambda: f"{ {task: seen.get(task) for task in tasks} }\n{self.operator.log('printbus')[-4000:]}")

    def print(self, device: str, *words: str, **more: Any) -> list[str]:
        """Labels that come out."""
        tasks = self.send(device, *words, **more)
        self.end(tasks)
        return tasks

    def counts(self, device: str, *words: str) -> list[int]:
        return [self.labels[device].count(f"^FD{each}^FS") for each in words]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An installation as the page makes it, with a site; one for all tests, which build on one another."""
    folder = tmp_path_factory.mktemp("operations")
    with ExitStack() as stack:
        label, shelf = stack.enter_context(Sink()), stack.enter_context(Sink())
        ports = {number: str(stack.enter_context(Port()).number) for number in ("39899", "39900", "4223")}
        places = {
            "/srv/printbus": str(folder / "printbus"),
            "/srv/site": str(folder / "site"),
            "/mnt/backup": str(folder / "backup"),
            "10.0.0.7:9100": f"127.0.0.1:{label.port}",
            "10.0.1.7:9100": f"127.0.0.1:{shelf.port}",
            "print.example.org": "localhost",
            "HTTP_HOST=0.0.0.0": "HTTP_HOST=127.0.0.1",
            **ports,
        }
        operator = Operator(folder, places, SETTINGS)
        stack.callback(operator.close)
        operator.section("Install on one machine")
        made = Office(operator, label, shelf)
        join(made)
        yield made


def join(office: Office) -> None:
    """A site, as far as the page says it before it is taken away again."""
    operator = office.operator
    blocks = operator.blocks("Add a site, take one away")
    told = next(blocks)
    operator.known["TOKEN"] = told.splitlines()[0]
    operator.known["FINGERPRINT"] = re.findall(r"--fingerprint (\S+)", told)[0]
    operator.known["SITE"] = re.findall(r"is the agent (\w{8}) of", next(blocks))[0]
    told_of = f"devices changed .*agent={operator.known['SITE']}"
    until(lambda: re.search(told_of, operator.log("printbus")), what=lambda: operator.log("printbus-agent"))
    assert "Shelf" in next(blocks)


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
    office.operator.section("Rotate keys")
    assert office.operator.say("cat /srv/printbus/data/token") != before
    office.print("Label", "with new keys")
    large = json.dumps({"command": "newPrintTask", "data": {"task": {"deviceName": "Shelf", "mediaSource": "STRING",
                        "mediaFormat": "TEXT", "content": LARGE, "name": "large"}}})  # fmt: skip
    office.end([json.loads(office.operator.say(f"call '{large}'"))["data"]["taskId"]])


@pytest.mark.timeout(120)
def test_a_site_that_is_taken_away_is_out(office):
    operator = office.operator
    *_, leaving = operator._sections["Add a site, take one away"]
    operator.say(leaving.text)
    until(lambda: "bus closed by the server" in operator.log("printbus-agent"), what=lambda: operator.log("printbus-agent"))
    assert [each["name"] for each in office.call("listDevices", deviceType="printer") if each["name"] == "Shelf"] == []


@pytest.mark.long
@pytest.mark.timeout(240)
def test_what_is_upgraded_prints_on(office):
    office.operator.section("Upgrade")
    office.print("Label", "upgraded")
