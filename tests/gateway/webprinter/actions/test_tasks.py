"""`newPrintTask` beyond its document and its ticket, and `listTasks`."""

import re

import pytest

from libs.contracts.devices import DeviceType
from libs.contracts.directory import DefaultEntry, default_key
from libs.contracts.documents import SealedRequest
from libs.contracts.ids import device_id
from libs.contracts.message import decode
from libs.contracts.queries import ListTasks, LookUp, TaskList
from libs.contracts.states import Stage, State, Status
from libs.contracts.streams import INTAKE
from libs.contracts.tasks import PrinterRef, TaskView
from libs.contracts.tickets import ColorMode, Sides
from libs.runtime.seal import Opener
from tests.gateway.fakes import SN, door, entries, looked_up, printer

OFFICE = PrinterRef(SN, device_id(SN, "Office"), "Office", 3)
LABEL = PrinterRef(SN, device_id(SN, "Label"), "Label", 3)
TEXT = {"mediaFormat": "TEXT", "content": "x"}


async def test_the_request_of_the_protocols_own_example(tmp_path):
    async with door(tmp_path) as rig:
        answer = await rig.command(
            "newPrintTask",
            {
                "task": {
                    "name": "Task001",
                    "deviceName": "Office",
                    "deviceType": "printer",
                    "controlSn": SN,
                    "mediaSource": "URL",
                    "mediaFormat": "HTML",
                    "content": "http://www.baidu.com",
                    "javascript": True,
                    "printBackground": True,
                    "headers": {"JSESSIONID": "0d41b225"},
                    "config": {"color": "COLOR", "side": "ONESIDE"},
                }
            },
        )
        assert list(answer) == ["success", "data", "command"]
        assert re.fullmatch(SN + "-[0-9a-z]{12}", answer["data"]["taskId"])
        (stream, message) = rig.bus.published[0]
        assert stream == INTAKE
        assert message.submission == message.id == answer["data"]["taskId"]
        assert (message.region, message.tenant, message.sn) == ("local", "main", SN)
        assert (message.source, message.from_os) == ("CLIENT_OPENAPI", "linux")
        (task,) = message.tasks
        assert (task.id, task.name, task.printer) == (answer["data"]["taskId"], "Task001", OFFICE)
        assert (task.ticket.color, task.ticket.sides) == (ColorMode.COLOR, Sides.ONE_SIDED)
        assert task.expires_at == 0
        assert task.created_at > 1_700_000_000_000


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, OFFICE),
        ({"deviceName": None, "controlSn": None, "deviceType": None}, OFFICE),
        ({"deviceName": "", "controlSn": ""}, OFFICE),
        ({"deviceName": "Label"}, LABEL),
        ({"deviceName": " Label ", "controlSn": SN, "deviceType": "PRINTER"}, LABEL),
    ],
)
async def test_which_printer(tmp_path, named, expected):
    async with door(tmp_path) as rig:
        assert (await rig.printed(**TEXT, **named)).printer == expected
        assert rig.bus.asked == []


@pytest.mark.parametrize(
    "named",
    [
        {"deviceName": "Nowhere"},
        {"deviceName": "office"},
        {"deviceName": "Office", "controlSn": "ABCDEFGH"},
        {"deviceName": "Scanner"},
        {"deviceName": "Theirs", "controlSn": "ABCDEFGH"},
        {"deviceName": "Stray"},
    ],
)
async def test_a_printer_that_one_may_not_use_is_as_if_it_were_not_there(tmp_path, named):
    async with door(tmp_path) as rig:
        more = (
            printer("Scanner", type=DeviceType.SCANNER),
            printer("Theirs", agent="ABCDEFGH"),
            printer("Stray", tenant="other"),
        )
        for entry in more:
            rig.mirror.put(entry)
        rig.bus.answers[LookUp] = looked_up(*entries(), *more)
        message = await rig.refused(**TEXT, **named)
        where = "at the client 'ABCDEFGH'" if "controlSn" in named else "that you may use"
        assert message == f"task.deviceName: there is no printer '{named['deviceName']}' {where}; listDevices names them."


async def test_before_saying_no_the_gateway_asks_the_registry(tmp_path):
    async with door(tmp_path) as rig:
        new = printer("New")
        rig.bus.answers[LookUp] = looked_up(*entries(), new)
        assert (await rig.printed(**TEXT, deviceName="New")).printer.id == new.device.id


async def test_without_a_default_the_printer_must_be_named(tmp_path):
    async with door(tmp_path) as rig:
        del rig.mirror.values[default_key(SN, "printer")]
        rig.bus.answers[LookUp] = looked_up()
        assert (await rig.refused(**TEXT)).startswith("task.deviceName is missing")
        rig.mirror.put(DefaultEntry(sn=SN, type="printer", agent=SN, device="gone"))
        assert (await rig.refused(**TEXT)).startswith("task.deviceName is missing")


@pytest.mark.parametrize("kind", ["scanner", "camera", "toaster", 7])
async def test_only_printers_print(tmp_path, kind):
    async with door(tmp_path) as rig:
        assert (await rig.refused(**TEXT, deviceType=kind)).startswith("task.deviceType must be ")


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ({"name": "Task001"}, "Task001"),
        ({"name": "  two  words "}, "two  words"),
        ({"name": 17}, "17"),
        ({"name": "a\r\nb\x00c\x1b[31md\u2028e\u202ef"}, "a b c [31md e f"),
        ({"mediaFormat": "HTML", "content": "<html><title>Bill 7</title>"}, "Bill 7"),
        ({"mediaFormat": "HTML", "content": "<title>Tom &amp; Jerry&#39;s</title>"}, "Tom & Jerry's"),
        ({"name": "给力" * 100}, "给力" * 100),
    ],
)
async def test_names(tmp_path, task, name):
    async with door(tmp_path) as rig:
        printed = await rig.printed(**{**TEXT, **task})
        assert printed.name == name
        assert printed.document.name == name


@pytest.mark.parametrize("name", [None, "", "   ", "\n"])
async def test_a_task_without_a_name_is_called_by_its_id(tmp_path, name):
    async with door(tmp_path) as rig:
        task = await rig.printed(**TEXT, name=name)
        assert task.name == task.id


@pytest.mark.parametrize("name", ["x" * 256, "x" * 1_000_000, ["x"], {"x": 1}, True])
async def test_bad_names_are_refused(tmp_path, name):
    async with door(tmp_path) as rig:
        message = await rig.refused(**TEXT, name=name)
        assert message.startswith("task.name must ")
        assert len(message) < 200


async def test_priority_and_expiry(tmp_path):
    async with door(tmp_path) as rig:
        task = await rig.printed(**TEXT, priority="90", expireAfter=1.5)
        assert (task.priority, task.expires_at - task.created_at) == (90, 1500)
        assert (await rig.printed(**TEXT)).priority == 50
        inside = await rig.printed(**TEXT, config={"priority": 7, "expireAfter": 0.0001})
        assert (inside.priority, inside.expires_at - inside.created_at) == (7, 1)  # however short, it is not for ever
        assert "task.priority" in await rig.refused(**TEXT, priority=101)
        assert "task.expireAfter" in await rig.refused(**TEXT, expireAfter=-1)


async def test_a_task_does_not_say_where_events_go(tmp_path):
    async with door(tmp_path) as rig:
        assert "addEndpoint" in await rig.refused(**TEXT, callbackUrl="https://shop.example.org/printed")
        said = await rig.refused(**TEXT, config={"callbackUrl": "https://shop.example.org/printed"})
        assert said.startswith("task.config.callbackUrl cannot be set by a task")


HEADERS = [
    ({"X-Key": "v"}, (("X-Key", "v"),)),
    ({"JSESSIONID": "s"}, (("JSESSIONID", "s"), ("Cookie", "JSESSIONID=s"))),
    (
        {"PHPSESSID": "p", "ASP.NET_SessionId": "a", "X": None},
        (("PHPSESSID", "p"), ("ASP.NET_SessionId", "a"), ("Cookie", "PHPSESSID=p; ASP.NET_SessionId=a")),
    ),
    ({"JSESSIONID": "s", "cookie": "a=b"}, (("JSESSIONID", "s"), ("cookie", "a=b"))),
    ({"Authorization": "Bearer x", "N": 7}, (("Authorization", "Bearer x"), ("N", "7"))),
    ({}, ()),
    (None, ()),
]


@pytest.mark.parametrize(("given", "headers"), HEADERS)
@pytest.mark.parametrize("inside", [False, True])
async def test_headers_ride_sealed(tmp_path, given, headers, inside):
    async with door(tmp_path) as rig:
        task = {"config": {"headers": given}} if inside else {"headers": given}
        remote = (await rig.printed(content="https://example.com/", **task)).document.content
        assert decode(SealedRequest, Opener(rig.keys.path("seal.key")).open(remote.sealed)).headers == headers


@pytest.mark.parametrize(
    "headers",
    [
        ["X: y"],
        "X: y",
        {"Host": "x"},
        {"content-length": "1"},
        {"Transfer-Encoding": "chunked"},
        {"X Y": "z"},
        {"X:": "z"},
        {"": "z"},
        {"X": "a\r\nY: b"},
        {"X": "a\x00"},
        {"X": "打印"},
        {"X": ["y"]},
        {"X": True},
        {f"X-{number}": "y" for number in range(51)},
        {"X": "y" * 8001},
    ],
    ids=lambda headers: str(headers)[:24].encode("unicode_escape").decode(),
)
async def test_headers_that_cannot_be_sent_are_refused(tmp_path, headers):
    async with door(tmp_path) as rig:
        assert (await rig.refused(content="https://example.com/", headers=headers)).startswith("task.headers")


def view(number, status=Status.FINISHED):
    return TaskView(
        id=f"{SN}-{number:012}",
        name=f"Task{number}",
        tenant="main",
        sn=SN,
        version=1,
        stage=Stage.COMPLETED,
        state=State.COMPLETED,
        reason="job-completed-successfully",
        status=status,
        message="",
        device="Office",
        device_type=DeviceType.PRINTER,
        agent=SN,
        source="CLIENT_OPENAPI",
        from_os="linux",
        created_at=1_647_971_400_000,  # the 22nd in London, the 23rd in Shanghai
    )


@pytest.mark.parametrize("command", ["listTasks", "listTask"])
async def test_tasks_are_listed_in_the_order_and_the_words_of_the_protocol(tmp_path, command):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListTasks] = TaskList(tasks=(view(2), view(1, Status.PARTIAL_PRINTED)))
        answer = await rig.command(command)
        assert answer["data"][0] == {
            "taskId": f"{SN}-000000000002",
            "taskType": 0,
            "taskName": "Task2",
            "status": "FINISHED",
            "deviceName": "Office",
            "deviceType": "printer",
            "deviceAlias": "",
            "fromOsName": "linux",
            "from": "CLIENT_OPENAPI",
            "createTime": "2022-03-23",
        }
        assert answer["data"][1]["status"] == "PARTIAL_PRINTED"
        assert rig.bus.asked == [ListTasks(region="local", tenant="main", sn=SN)]


async def test_the_time_zone_is_a_setting(tmp_path):
    async with door(tmp_path, time_zone="Europe/London") as rig:
        rig.bus.answers[ListTasks] = TaskList(tasks=(view(1),))
        assert (await rig.command("listTasks"))["data"][0]["createTime"] == "2022-03-22"


FILTERS = [
    ({}, {}),
    ({"statusList": None, "startTime": None, "endTime": None, "limit": None}, {}),
    ({"statusList": []}, {}),
    ({"statusList": ["FINISHED", "ERROR", "CANCELED"]}, {"statuses": (Status.FINISHED, Status.ERROR, Status.CANCELED)}),
    ({"statusList": ["partial_printed", "PRINTED", "PRINTED"]}, {"statuses": (Status.PARTIAL_PRINTED, Status.PRINTED)}),
    ({"statusList": "QUEUED"}, {"statuses": (Status.QUEUED,)}),
    ({"startTime": 1_647_971_400_123, "endTime": "1647971500456"}, {"start": 1_647_971_400_123, "end": 1_647_971_500_456}),
    ({"startTime": 1_647_971_400, "endTime": "1647971500"}, {"start": 1_647_971_400_000, "end": 1_647_971_500_999}),
    ({"limit": "5"}, {"limit": 5}),
    ({"limit": 1_000_000_000}, {"limit": 1000}),
    ({"limit": 2**63 - 1}, {"limit": 1000}),
    ({"limit": str(2**31 - 1)}, {"limit": 1000}),
    ({"startTime": 0, "endTime": 2**63 - 1}, {"start": 0, "end": 10**14}),
    ({"endTime": str(2**63 - 1)}, {"end": 10**14}),
    ({"statusList": "FINISHED, ERROR"}, {"statuses": (Status.FINISHED, Status.ERROR)}),
]


@pytest.mark.parametrize(("data", "query"), FILTERS)
async def test_filters(tmp_path, data, query):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListTasks] = TaskList(tasks=())
        assert (await rig.command("listTasks", data))["data"] == []
        assert rig.bus.asked == [ListTasks(region="local", tenant="main", sn=SN, **query)]


@pytest.mark.parametrize(
    "data",
    [
        {"statusList": ["DONE"]},
        {"statusList": [7]},
        {"statusList": {"a": 1}},
        {"startTime": "yesterday"},
        {"endTime": -1},
        {"startTime": 1e18},
        {"startTime": 1_647_971_400_123.5},
        {"statusList": ["FINISHED"] * 100 + ["DONE"]},
        {"limit": 0},
        {"limit": -5},
        {"limit": "many"},
        {"limit": 1.5},
    ],
)
async def test_bad_filters_are_named(tmp_path, data):
    async with door(tmp_path) as rig:
        answer = await rig.command("listTasks", data)
        assert answer["success"] is False
        assert next(iter(data)) in answer["message"]
        assert rig.bus.asked == []


async def test_a_date_where_a_time_is_wanted_is_told_how_times_are_written(tmp_path):
    async with door(tmp_path) as rig:
        said = (await rig.command("listTasks", {"startTime": "2022-03-23"}))["message"]
        assert re.fullmatch(r"startTime must be a time in milliseconds since 1970, such as \d{13}; it is '2022-03-23'\.", said)
