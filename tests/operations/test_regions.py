"""docs/operations.md where it adds a region to one that prints, and takes it away again: its blocks, said in both."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.printers.port import Port
from tests.operations.office import SETTINGS, Office, until
from tests.operations.page import PAGE, Operator, rotations, sections
from tests.operations.sink import Sink

pytestmark = pytest.mark.long

HEADING = "Add a region, take one away"
INSTALL = "Install on one machine"


def region(stack: ExitStack, name: str, folders: dict[str, Path], addresses: dict[str, str]) -> Office:
    """A machine on which nothing is yet."""
    folder = folders[name]
    label, none = stack.enter_context(Sink()), stack.enter_context(Sink())
    ports = {number: str(stack.enter_context(Port()).number) for number in ("39899", "39900", "4223")}
    others = {f"scp -p {other}.print.example.org:/srv/printbus": f"cp -p {there / 'printbus'}" for other, there in folders.items()}
    places = {
        **others,
        **addresses,
        "/srv/printbus": str(folder / "printbus"),
        "/mnt/backup": str(folder / "backup"),
        "10.0.0.7:9100": f"127.0.0.1:{label.port}",
        "print.example.org": "localhost",
        "HTTP_HOST=0.0.0.0": "HTTP_HOST=127.0.0.1",
        **ports,
    }
    operator = Operator(folder, places, {**SETTINGS, "TOKEN_TRIES": "1000"})
    stack.callback(operator.close)
    return Office(operator, label, none)


def install(office: Office, name: str) -> None:
    """As the page says it of a region."""
    blocks = office.operator.blocks(INSTALL)
    next(blocks)
    office.operator.section(HEADING, f"name of {name}")
    for _ in blocks:
        pass


@pytest.fixture
def regions(tmp_path: Path) -> Iterator[tuple[Office, Office]]:
    """`eu`, which prints, and `us`, which is new; linked by what the page says."""
    with ExitStack() as stack:
        folders = {name: tmp_path / name for name in ("eu", "us")}
        for folder in folders.values():
            folder.mkdir()
        addresses = {"eu.print.example.org:7422": f"localhost:{stack.enter_context(Port()).number}"}
        eu, us = (region(stack, name, folders, addresses) for name in folders)
        install(eu, "eu")
        eu.print("Label", "before")
        install(us, "us")
        there, here = (each.operator.blocks(HEADING, name) for each, name in ((eu, "eu"), (us, "us")))
        for blocks in (there, here, there, here):
            next(blocks)
        yield eu, us


def through(home: Office, token: str = "") -> str:
    """What a client of a region has to say in the shell of another to call at that one's door."""
    token = token or home.operator.say("cat /srv/printbus/data/token").strip()
    return f"""call() {{ curl -sS http://127.0.0.1:39899/openapi -H "Api-Access-Token: {token}" -d "$1"; }}"""


def become_known(door: Office, home: Office) -> None:
    until(lambda: known(door, home), 90, lambda: door.operator.log("printbus")[-4000:])


def known(door: Office, home: Office, token: str = "") -> bool:
    """Whether a door lets somebody in who shows this token of a region."""
    return bool(json.loads(door.operator.say(f"""{through(home, token)}\ncall '{{"command": "getInfo"}}'"""))["success"])


def send(door: Office, home: Office, words: str) -> str:
    """A label for the printer of a region at the door of another; the task."""
    task = {"deviceName": "Label", "mediaSource": "STRING", "mediaFormat": "ZPL", "name": words, "content": f"^XA^FD{words}^FS^XZ"}
    said = json.dumps({"command": "newPrintTask", "data": {"task": task}})
    answer = json.loads(door.operator.say(f"{through(home)}\ncall '{said}'"))
    assert answer["success"], answer
    return str(answer["data"]["taskId"])


@pytest.mark.timeout(600)
def test_a_region_is_added_and_its_clients_print_at_either_door_and_it_is_taken_away(regions):
    eu, us = regions
    for door, home in ((eu, us), (us, eu)):
        become_known(door, home)
        home.end([send(door, home, "from afar")])
        home.print("Label", "own")
        assert home.counts("Label", "from afar", "own") == [1, 1]
    assert eu.counts("Label", "before") == [1]

    links_anew(eu, us)
    us.operator.stop("printbus")
    waits = send(eu, us, "while it is away")
    with pytest.raises(AssertionError, match="names the file of us"):
        eu.operator.say("python -m services unlink us")
    us.operator.start("printbus")
    us.operator.say("ready")

    *_, parts = (block for block in eu.operator._sections[HEADING] if block.kind == "eu parts")
    eu.operator.say(parts.text)
    us.end([waits])
    assert us.counts("Label", "while it is away") == [1]
    assert not known(eu, us)
    eu.print("Label", "alone")
    us.print("Label", "alone")
    before = nats_log(us).count("uthorization")
    until(lambda: nats_log(us).count("uthorization") > before, 60, lambda: nats_log(us)[-3000:])
    with pytest.raises(AssertionError, match="Nothing is known here"):
        eu.operator.say("unset PRINTBUS_LINKS && python -m services unlink us")


def links_anew(eu: Office, us: Office) -> None:
    """What the table of keys says of a link."""
    (line,) = rotations()["link to another region"]
    eu.operator.say(line)
    until(lambda: refused(us), 60, lambda: nats_log(us)[-3000:])
    *_, again = (block for block in us.operator._sections[HEADING] if block.kind == "us")
    us.operator.say(again.text)
    become_known(eu, us)
    us.end([send(eu, us, "with a new link")])


def refused(office: Office) -> bool:
    """Whether its server was told that it is let in no more."""
    return "uthorization" in nats_log(office) or "evoked" in nats_log(office)


def nats_log(office: Office) -> str:
    with suppress(AssertionError):
        return office.operator.say("cat /srv/printbus/data/nats/nats-server.log")
    return ""


def arrive(home: Office, *words: str) -> None:
    """Wait until each is on a label of a region; none of them twice."""
    until(lambda: 0 not in home.counts("Label", *words), 120, lambda: home.operator.log("printbus")[-4000:])
    home.print("Label", f"behind {words[-1]}")
    assert home.counts("Label", *words) == [1] * len(words)


def lost_and_restored(home: Office) -> None:
    """The machine of a region is new."""
    home.operator.stop("printbus", signal.SIGKILL)
    next(home.operator.blocks("Restore"))


@pytest.mark.timeout(600)
def test_one_region_of_two_comes_back_from_its_backup(regions):
    eu, us = regions
    become_known(eu, us)
    for each in (eu, us):
        each.operator.section("Back up")
    us.end([send(eu, us, "after the backup")])

    us.operator.stop("printbus", signal.SIGKILL)
    lost = send(eu, us, "while it is lost")
    lost_and_restored(us)
    us.end([lost], "PARTIAL_PRINTED")
    us.operator.say(f"python -m services unknown reprint {lost}")
    arrive(us, "while it is lost", "after the backup")

    us.operator.stop("printbus")
    kept = ["kept 1", "kept 2", "kept 3"]
    for words in kept:
        send(eu, us, words)
    us.operator.say("systemctl start printbus\nready")
    arrive(us, *kept)
    lost_and_restored(eu)
    become_known(eu, us)  # whose directory is copied anew
    us.operator.stop("printbus")
    later = ["later 1", "later 2"]
    for words in later:
        send(eu, us, words)
    us.operator.say("systemctl start printbus\nready")
    arrive(us, *kept, *later)
    become_known(eu, us)
    us.end([send(eu, us, "the direct way")])
    eu.print("Label", "at home")


def token(office: Office, name: str) -> str:
    """A new one of the region's own client."""
    said = f'python -m services token add --client "$(cat /srv/printbus/data/sn)" --name {name} --json'
    return str(json.loads(office.operator.say(said))["token"])


def revoke(office: Office, name: str) -> None:
    office.operator.say(f'python -m services token revoke --client "$(cat /srv/printbus/data/sn)" --name {name}')


def restore_since(moment: datetime) -> str:
    """What the page says to bring a backup back, with the moment of the loss as it says that, too."""
    (restoring,) = re.findall(r"`(python -m services restore \S+ --lost-since) 2h`", PAGE.read_text())
    block = next(block.text for block in sections()["Restore"] if block.language == "sh")
    said, count = re.subn(r"^python -m services restore .*$", f"{restoring} {moment.isoformat()}", block, flags=re.MULTILINE)
    assert count == 1
    return said


@pytest.mark.timeout(600)
def test_what_was_accepted_since_a_region_was_lost_prints_and_tokens_are_everywhere_those_of_its_backup(regions):
    eu, us = regions
    become_known(eu, us)
    kept = token(us, "kept")
    us.operator.section("Back up")
    since = token(us, "since")
    revoke(us, "kept")
    until(lambda: known(eu, us, since) and not known(eu, us, kept), 30)

    us.operator.stop("printbus", signal.SIGKILL)
    doubt = send(eu, us, "perhaps before")
    lost = datetime.now(UTC)
    after = [send(eu, us, words) for words in ("afterwards 1", "afterwards 2")]
    us.operator.say(restore_since(lost))
    us.end([doubt], "PARTIAL_PRINTED")
    us.end(after)
    assert us.counts("Label", "perhaps before", "afterwards 1", "afterwards 2") == [0, 1, 1]
    us.operator.say(f"python -m services unknown reprint {doubt}")
    arrive(us, "perhaps before", "afterwards 1", "afterwards 2")

    assert not known(us, us, since)
    assert known(us, us, kept)
    until(lambda: not known(eu, us, since) and known(eu, us, kept), 60)
    revoke(us, "kept")
    until(lambda: not known(us, us, kept) and not known(eu, us, kept), 30)
    assert known(eu, us)
