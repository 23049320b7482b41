"""What a token is good for: every command of the table is tried with every scope."""

from dataclasses import replace

import pytest

from libs.contracts.directory import Scope
from services.gateway.webprinter.commands import COMMANDS
from tests.gateway.fakes import door, entries

#: What each command needs: a command that is not here has to be thought about.
NEEDS = {
    Scope.READ: {
        "listDevices",
        "getDeviceDetail",
        "getDefaultDevice",
        "listTasks",
        "listTask",
        "getTask",
        "listHeldTasks",
        "listPapers",
        "getRules",
        "listEvents",
        "listEndpoints",
        "listDeliveries",
    },
    Scope.PRINT: {"newPrintTask", "newPrintTaskBatch", "previewTask", "retryTask", "releaseTask", "testPrint"},
    Scope.MANAGE: {"setDefaultDevice", "cancelTask", "resolveTask", "pauseDevice", "resumeDevice"},
    Scope.ADMINISTER: {
        "shareDevice",
        "setRules",
        "addEndpoint",
        "updateEndpoint",
        "removeEndpoint",
        "rotateSecret",
        "testEndpoint",
        "replayDeliveries",
        "newPairing",
        "newRelayToken",
        "listRelays",
        "revokeRelay",
    },
    None: {"getInfo", "ping"},
}


@pytest.fixture
async def rig(tmp_path):
    async with door(tmp_path) as made:
        yield made


async def asked(rig, name, scopes):
    rig.mirror.put(replace(entries()[1], scopes=scopes))
    rig.bus.asked.clear()
    return (await rig.post({"command": name, "data": {}})).json()


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_needs_its_scope_and_no_other(rig, name):
    needed = COMMANDS[name].scope
    assert name in NEEDS[needed], f"{name} needs {needed}: write it down here if that is right"
    for scope in Scope:
        answer = await asked(rig, name, (scope,))
        refused = "lacks the scope" in answer.get("message", "")
        assert refused is (needed is not None and scope is not needed)
        if refused:
            assert rig.bus.asked == []
            assert str(needed) in answer["message"]


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_token_without_scopes_is_good_for_everything(rig, name):
    assert "lacks the scope" not in (await asked(rig, name, ())).get("message", "")
