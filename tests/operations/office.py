"""An installation as docs/operations.md makes it, with a site beside it: who works there, and what comes out of its printers."""

import json
import re
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
