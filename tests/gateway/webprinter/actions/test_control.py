"""Commands about one task and one line: what they ask of the spooler, what they show, and what they refuse."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import ClientEntry, ClientKind, DeviceEntry, Scope, TokenEntry
from libs.contracts.ids import device_id, token_digest
from libs.contracts.queries import (
    CancelTask,
    Code,
    GetTask,
    Line,
    Lines,
    ListTasks,
    Outcome,
    PauseDevice,
    ResolveTask,
    ResumeDevice,
    TaskAnswer,
    TaskList,
)
from libs.contracts.states import Stage, State, Status
from libs.contracts.tasks import TaskView
from libs.runtime.bus import Refused
from tests.gateway.fakes import SN, TOKEN, door

ID = f"{SN}-79h86ap05on4"
VIEW = TaskView(
    id=ID, name="Label", tenant="main", sn=SN, version=4, stage=Stage.FETCHABLE, state=State.PENDING, reason="job-fetchable",
    status=Status.QUEUED, message="It waits in the line of Office.", device="Office", device_type=DeviceType.PRINTER, agent=SN,
    source="CLIENT_OPENAPI", from_os="linux", created_at=1_648_000_000_000, priority=60, start_at=5, retry_of="before",
)  # fmt: skip
ROW = [
    "taskId", "taskType", "taskName", "status", "deviceName", "deviceType", "deviceAlias", "fromOsName", "from", "createTime",
]  # fmt: skip
MORE = [
    "taskStatus", "createTimestamp", "endTimestamp", "message", "stage", "state", "reason", "pages", "pagesDone", "attempt",
    "controlSn", "priority", "startAt", "expiresAt", "retryOf", "canceling",
]  # fmt: skip
OWN = {"region": "local", "tenant": "main", "sn": SN, "task": ID}


@pytest.mark.parametrize(
    ("command", "data", "query"),
    [
        ("getTask", {}, GetTask(**OWN)),
        ("cancelTask", {}, CancelTask(**OWN)),
        ("resolveTask", {"outcome": "give-up"}, ResolveTask(**OWN, outcome=Outcome.GIVE_UP)),
        ("resolveTask", {"outcome": "PRINTED"}, ResolveTask(**OWN, outcome=Outcome.PRINTED)),
    ],
)
async def test_a_task_is_told_with_everything_that_is_known(tmp_path, command, data, query):
    async with door(tmp_path) as rig:
        rig.bus.answers[type(query)] = TaskAnswer(task=VIEW)
        answer = await rig.command(command, {"taskId": ID, **data})
        assert rig.bus.asked == [query]
        assert list(answer["data"]) == ROW + MORE
        assert (answer["data"]["startAt"], answer["data"]["expiresAt"], answer["data"]["endTimestamp"]) == (5, None, None)
        assert (answer["data"]["stage"], answer["data"]["state"]) == ("fetchable", "pending")
        noted = [(each.action, each.what, each.details["outcome"]) for each in rig.bus.recorded]
        assert noted == ([("task resolved", ID, query.outcome.value)] if command == "resolveTask" else [])


async def test_who_cancels_another_ones_task_at_a_printer_of_its_own_stands_in_the_audit_log(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[CancelTask] = TaskAnswer(task=replace(VIEW, sn="CLIENT02", canceling=True))
        assert (await rig.command("cancelTask", {"taskId": ID}))["data"]["canceling"] is True
        (noted,) = rig.bus.recorded
        assert (noted.action, noted.what, noted.sn) == ("task canceled", ID, SN)
        assert noted.details == {"of": "CLIENT02", "printer": f"{SN}/Office"}


@pytest.mark.parametrize(
    ("command", "data", "sentence"),
    [
        ("getTask", {}, "taskId is missing"),
        ("cancelTask", {"taskId": ["x"]}, "taskId must be a text"),
        ("resolveTask", {"taskId": ID}, "outcome is missing"),
        ("resolveTask", {"taskId": ID, "outcome": "burn"}, "outcome must be one of printed, reprint and give-up"),
    ],
)
async def test_what_is_missing_is_named(tmp_path, command, data, sentence):
    async with door(tmp_path) as rig:
        answer = await rig.command(command, data)
        assert answer["success"] is False
        assert sentence in answer["message"]
        assert rig.bus.asked == []


async def test_a_task_of_somebody_else_is_not_there(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[CancelTask] = Refused(Code.NOT_FOUND, "There is no task x.")
        assert await rig.command("cancelTask", {"taskId": "x"}) == {
            "success": False,
            "message": "taskId: there is no task x; listTasks names yours.",
            "command": "CALLBACK",
        }


async def test_lists_have_the_documented_keys_unless_more_is_asked_for(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListTasks] = TaskList(tasks=(VIEW,))
        assert list((await rig.command("listTasks"))["data"][0]) == ROW
        assert list((await rig.command("listTasks", {"extended": "true"}))["data"][0]) == ROW + MORE


async def test_a_server_may_always_tell_everything(tmp_path):
    async with door(tmp_path, extended_view=True) as rig:
        object.__setattr__(rig.gateway, "extended", rig.settings.extended_view)
        rig.bus.answers[ListTasks] = TaskList(tasks=(VIEW,))
        assert list((await rig.command("listTasks"))["data"][0]) == ROW + MORE
        assert list((await rig.command("listTasks", {"extended": False}))["data"][0]) == ROW


@pytest.mark.parametrize(("command", "query"), [("pauseDevice", PauseDevice), ("resumeDevice", ResumeDevice)])
async def test_a_line_is_paused_and_resumed_by_whose_printer_it_is(tmp_path, command, query):
    async with door(tmp_path) as rig:
        office = device_id(SN, "Office")
        rig.bus.answers[query] = Lines(lines=(Line(agent=SN, printer=office, paused=True, waiting=3, sent=2),))
        answer = await rig.command(command, {"deviceName": "Office"})
        assert rig.bus.asked == [query(region="local", tenant="main", agent=SN, printer=office)]
        assert answer["data"] == {"deviceName": "Office", "controlSn": SN, "paused": True, "waiting": 3, "sent": 2}
        how = "printer paused" if command == "pauseDevice" else "printer resumed"
        assert [(each.sn, each.action, each.what) for each in rig.bus.recorded] == [(SN, how, f"{SN}/Office")]


async def test_a_shared_printer_is_not_paused_by_everybody_who_may_print_on_it(tmp_path):
    async with door(tmp_path) as rig:
        theirs = DeviceEntry(
            tenant="main",
            agent="OWNER001",
            device=Device(id=device_id("OWNER001", "Theirs"), name="Theirs"),
            users=("*", "APP00001"),
        )
        owner = ClientEntry(sn="OWNER001", tenant="main", role=ClientKind.AGENT)
        app = ClientEntry(sn="APP00001", tenant="main", role=ClientKind.APP)
        token = TokenEntry(digest=token_digest("apps"), sn="APP00001", tenant="main")
        for entry in (theirs, owner, app, token):
            rig.mirror.put(entry)
        data = {"deviceName": "Theirs", "controlSn": "OWNER001"}
        assert "belongs to the client OWNER001" in (await rig.command("pauseDevice", data))["message"]
        rig.bus.answers[PauseDevice] = Lines(lines=(Line(agent="OWNER001", printer=theirs.device.id, paused=True),))
        answer = await rig.post({"command": "pauseDevice", "data": data}, Api_Access_Token="apps")
        assert answer.json()["success"], "an application that it was granted to may"


async def test_a_device_that_prints_nothing_by_itself_is_not_paused(tmp_path):
    async with door(tmp_path) as rig:
        rig.mirror.put(DeviceEntry(tenant="main", agent=SN, device=Device(id=device_id(SN, "Roam"), name="Roam", virtual=True)))
        assert "nothing to pause" in (await rig.command("pauseDevice", {"deviceName": "Roam"}))["message"]
        assert "deviceName is missing" in (await rig.command("resumeDevice"))["message"]
        rig.bus.answers[type(None)] = None
        assert "there is no printer 'Gone'" in (await rig.command("resumeDevice", {"deviceName": "Gone"}))["message"]


async def test_a_token_that_may_only_read_changes_nothing(tmp_path):
    async with door(tmp_path) as rig:
        rig.mirror.put(TokenEntry(digest=token_digest(TOKEN), sn=SN, tenant="main", scopes=(Scope.READ,)))
        for command in ("cancelTask", "resolveTask", "retryTask", "releaseTask", "pauseDevice", "resumeDevice", "testPrint"):
            answer = await rig.command(command, {"taskId": ID, "deviceName": "Office"})
            assert "lacks the scope" in answer["message"], command
        assert rig.bus.asked == []
        assert (await rig.command("ping"))["data"]["time"] > 0
        info = (await rig.command("getInfo"))["data"]
        assert info["scopes"] == ["read"]
        assert {"getTask", "ping", "getInfo", "listPapers"} <= set(info["commands"])
        assert not {"cancelTask", "newPrintTask"} & set(info["commands"])


async def test_information_tells_who_and_what_is_here(tmp_path):
    async with door(tmp_path) as rig:
        info = (await rig.command("getInfo"))["data"]
        assert (info["sn"], info["tenant"], info["timeZone"], info["regions"]) == (SN, "main", "Asia/Shanghai", ["local"])
        assert set(info["scopes"]) == {"print", "read", "manage", "administer"}
        assert {"PDF", "ZPL", "HTML"} <= set(info["formats"])
        assert info["limits"]["maxBody"] == rig.settings.max_body
