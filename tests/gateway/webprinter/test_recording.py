"""Whatever a command administers stands in the audit log: a new one has to say what it leaves there."""

from libs.contracts.directory import Scope
from services.gateway.webprinter.commands import COMMANDS
from tests.architecture.source import ROOT

#: Command -> what it leaves in the log.
RECORDED = {
    "setDefaultDevice": "default set",
    "cancelTask": "task canceled",  # where it is not the client's own
    "resolveTask": "task resolved",
    "pauseDevice": "printer paused",
    "resumeDevice": "printer resumed",
    "shareDevice": "device shared",
    "setRules": "rules set",
    "addEndpoint": "endpoint added",
    "updateEndpoint": "endpoint changed",
    "removeEndpoint": "endpoint removed",
    "rotateSecret": "endpoint secret rotated",
    "testEndpoint": "endpoint tested",
    "replayDeliveries": "deliveries replayed",
    "newPairing": "pairing code made",
    "newRelayToken": "relay token made",
    "revokeRelay": "relay revoked",
}
#: Only a look.
OTHERS = {"listRelays"}


def test_every_command_that_administers_leaves_something_in_the_log():
    managing = {name for name, command in COMMANDS.items() if command.scope in (Scope.MANAGE, Scope.ADMINISTER)}
    assert managing == {*RECORDED, *OTHERS}


def test_what_commands_leave_in_the_log_is_written_somewhere():
    folders = (ROOT / "services" / "gateway" / "webprinter", ROOT / "services" / "registry")
    source = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    for action in RECORDED.values():
        assert f'"{action}"' in source
