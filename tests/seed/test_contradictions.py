"""Where the protocol's document contradicts itself, what we do: one test for each row of webprinter.md 1.7, by its number."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from libs.contracts.devices import Capabilities, Device, DeviceType
from libs.contracts.documents import Format, Remote, SealedRequest
from libs.contracts.events import EndTask, NewTask, UpdateTaskStatus
from libs.contracts.message import decode
from libs.contracts.queries import (
    CancelTask,
    DeviceAnswer,
    DeviceList,
    DeviceView,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    ListTasks,
    SetDefaultDevice,
    TaskAnswer,
    TaskList,
)
from libs.contracts.states import Stage, State, Status
from libs.contracts.tasks import TaskView
from libs.contracts.webprinter import event_body
from libs.runtime.keys import SEAL_PRIVATE
from libs.runtime.seal import Opener
from services.gateway.settings import GatewaySettings
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.reading.content import PAIRS, Source
from services.webhooks.dialects import webprinter as callback
from tests.gateway.fakes import SN, TOKEN, door
from tests.seed.examples import DEVICE_INFO, REQUESTS, ROW

ROOT = Path(__file__).parents[2]
SDK = (ROOT / "sdk" / "webprinter.js").read_text()
TYPES = (ROOT / "sdk" / "webprinter.d.ts").read_text()
HEAD = {"Api-Access-Token": TOKEN}
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: 2022-03-22T17:00Z, which is the next day in Shanghai.
EVENING = 1_647_968_400_000
VIEW = DeviceView(agent=SN, device=Device(id="abc", name="Office", capabilities=Capabilities()), online=True, default=True)
TASK = TaskView(
    id=f"{SN}-79h86ap05on4",
    name="Task001",
    tenant="main",
    sn=SN,
    version=1,
    stage=Stage.COMPLETED,
    state=State.COMPLETED,
    reason="job-completed-successfully",
    status=Status.FINISHED,
    message="",
    device="Office",
    device_type=DeviceType.PRINTER,
    agent=SN,
    source="CLIENT_OPENAPI",
    from_os="linux",
    created_at=EVENING,
)
UPDATE = UpdateTaskStatus(region="local", task=TASK, old_status=Status.PRINTED, new_status=Status.FINISHED, at=EVENING)


@pytest.fixture
async def rig(tmp_path):
    async with door(tmp_path) as made:
        made.bus.answers |= {
            ListDevices: DeviceList(devices=(VIEW,)),
            GetDevice: DeviceAnswer(device=VIEW),
            GetDefaultDevice: DeviceAnswer(device=VIEW),
            ListTasks: TaskList(tasks=(TASK,)),
            CancelTask: TaskAnswer(task=TASK),
            SetDefaultDevice: DeviceAnswer(device=None),
        }
        yield made


async def device_infos(rig):
    detail = (await rig.command("getDeviceDetail", {"deviceName": "Office"}))["data"]
    default = (await rig.command("getDefaultDevice"))["data"]
    return [*(await rig.command("listDevices"))["data"], detail["baseInfo"], default]


async def row(rig):
    return (await rig.command("listTasks"))["data"][0]


async def test_contradiction_01_shareable_is_written_and_sharable_never(rig):
    for info in await device_infos(rig):
        assert "shareable" in info
        assert "sharable" not in info


async def test_contradiction_02_a_row_has_status_and_the_extended_view_task_status_too(rig):
    assert "taskStatus" not in await row(rig)
    assert (await row(rig))["status"] == "FINISHED"
    (extended,) = (await rig.command("listTasks", {"extended": True}))["data"]
    assert extended["taskStatus"] == extended["status"] == "FINISHED"


def test_contradiction_03_callbacks_have_task_and_pages_both_task_and_task_info():
    body = event_body(UPDATE, SN, ["10.8.1.20"], SHANGHAI)
    assert list(body) == ["ips", "sn", "name", "task", "oldStatus", "newStatus"]
    assert re.search(r"event\.taskInfo = event\.task;", SDK)


async def test_contradiction_04_list_tasks_has_two_spellings(rig):
    assert await rig.command("listTask", {"limit": 5}) == await rig.command("listTasks", {"limit": 5})


def test_contradiction_05_subscribe_is_a_method_and_typos_are_no_api():
    assert re.search(r"this\.subscribe = function \(name, callback\)", SDK)
    assert "webpriter" not in SDK


def test_contradiction_06_send_takes_an_optional_third_and_fourth_argument():
    assert re.search(r"this\.send = function \(command, data, onOk, onFail\)", SDK)
    assert re.search(r"send[^;]*onOk\?:[^;]*onFail\?:", TYPES, re.DOTALL)


def test_contradiction_07_pages_of_https_speak_https_and_wss():
    assert re.search(r'page === "https:"\) local\.push\("https://" \+', SDK)
    assert "http://api." not in SDK


def test_contradiction_08_the_port_of_tls_is_a_setting_and_not_443():
    field = GatewaySettings.model_fields["https_port"]
    assert field.default not in (443, GatewaySettings.model_fields["http_port"].default)
    assert "tlsPort" in SDK


@pytest.mark.parametrize("section", REQUESTS)
async def test_contradiction_09_unquoted_names_and_comments_are_read(rig, section):
    answer = await rig.post(REQUESTS[section].encode())
    assert answer.status_code == 200
    assert next(iter(answer.json())) == "success"


async def test_contradiction_10_file_is_refused_with_what_to_do_instead(rig):
    message = await rig.refused(mediaSource="FILE", mediaFormat="PDF", content="/etc/passwd")
    assert "mediaSource FILE is refused" in message
    assert "BASE64" in message


@pytest.mark.parametrize("source", [Source.URL, Source.BASE64])
def test_contradiction_11_pdf_is_a_format(source):
    assert source in PAIRS[Format.PDF]


async def test_contradiction_12_xlsxx_is_xlsx(rig):
    for spelled in ("XLSXX", "XLSX", "xls", "EXCEL"):
        task = await rig.printed(mediaSource="URL", mediaFormat=spelled, content="http://example.com/x")
        assert task.document.format is Format.EXCEL


async def upload(rig, name="test.png"):
    return (await rig.client.post("/openapi/sendTmpFile", files={"file": (name, b"\x89PNG\r\n\x1a\n")}, headers=HEAD)).json()


async def test_contradiction_13_an_upload_is_answered_at_top_level_without_a_command(rig):
    assert list(await upload(rig)) == ["file", "success"]


async def test_contradiction_14_the_size_of_a_file_is_a_text(rig):
    assert (await upload(rig))["file"]["fileSize"] == "8"


def test_contradiction_15_the_documents_own_address_of_an_upload_is_nowhere_in_the_tests():
    token = "unim://" + "79gft24uh7uo" + "P"
    for path in (ROOT / "tests").rglob("*.py"):
        assert token not in path.read_text(), path


async def test_contradiction_16_an_upload_is_found_by_its_encoded_and_its_decoded_address(rig):
    url = (await upload(rig))["file"]["url"]
    assert re.fullmatch(r"unim://[0-9a-z]{12}[A-Za-z0-9%]+", url)
    for given in (url, url.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")):
        assert (await rig.command("newPrintTask", {"task": {"mediaSource": "URL", "content": given}}))["success"]


async def test_contradiction_17_a_device_has_all_its_keys_everywhere(rig):
    for info in await device_infos(rig):
        assert list(info) == DEVICE_INFO


async def test_contradiction_18_every_answer_is_a_whole_envelope(rig):
    for command, data in (("getDeviceDetail", {"deviceName": "Office"}), ("listDevices", {}), ("listTasks", {})):
        answer = await rig.command(command, data)
        assert list(answer) == ["success", "data", "command"]
        assert answer["command"] == "CALLBACK"


async def test_contradiction_19_copies_are_always_supported_and_the_range_is_the_drivers_own(rig):
    capability = (await rig.command("getDeviceDetail", {"deviceName": "Office"}))["data"]["capability"]
    assert (capability["supportsCopies"], capability["lowerCopies"], capability["upperCopies"]) == (True, 1, 1)
    task = await rig.printed(mediaFormat="TEXT", content="x", config={"copies": 7})  # which the document does
    assert task.ticket.copies == 7


async def test_contradiction_20_without_a_default_device_there_is_no_data(rig):
    rig.bus.answers[GetDefaultDevice] = DeviceAnswer(device=None)
    assert await rig.command("getDefaultDevice", {"deviceType": "printer"}) == {"success": True, "command": "CALLBACK"}


async def test_contradiction_21_success_in_a_batch_means_accepted(rig):
    answer = await rig.command("newPrintTaskBatch", {"tasks": [{"mediaFormat": "TEXT", "content": "x", "name": "a"}]})
    assert [(each["taskName"], each["success"]) for each in answer["data"]] == [("a", True)]
    assert len(rig.bus.published) == 1  # and nothing was printed yet


@pytest.mark.parametrize("status", Status)
async def test_contradiction_22_every_status_can_be_asked_for(rig, status):
    assert (await rig.command("listTasks", {"statusList": [status.value]}))["success"]
    assert rig.bus.asked[-1].statuses == (status,)


async def test_contradiction_23_times_come_in_ms_and_go_out_as_days(rig):
    await rig.command("listTasks", {"startTime": EVENING, "endTime": str(EVENING)})
    assert (rig.bus.asked[-1].start, rig.bus.asked[-1].end) == (EVENING, EVENING)
    assert (await row(rig))["createTime"] == "2022-03-23"
    assert datetime.fromtimestamp(EVENING / 1000, SHANGHAI).day == 23
    (extended,) = (await rig.command("listTasks", {"extended": True}))["data"]
    assert extended["createTimestamp"] == EVENING


async def test_contradiction_24_alias_and_system_are_told(rig):
    assert list(await row(rig)) == ROW
    assert ((await row(rig))["deviceAlias"], (await row(rig))["fromOsName"]) == ("", "linux")


async def test_contradiction_25_control_sn_is_the_owner_of_the_device(rig):
    shared = DeviceView(agent="ABCDEFGH", device=Device(id="x", name="Theirs"), online=True, default=False)
    rig.bus.answers[ListDevices] = DeviceList(devices=(shared,))
    (info,) = (await rig.command("listDevices"))["data"]
    assert (info["controlSn"], info["connectSn"], info["local"]) == ("ABCDEFGH", SN, False)


def test_contradiction_26_an_event_is_tried_three_times_in_all_and_only_200_counts():
    assert callback.PAUSES + 1 == 3
    assert [status for status in (200, 201, 204, 302, 400, 500) if callback.accepts(status)] == [200]


def test_contradiction_27_models_have_one_name_each():
    """Application centre and market, task model and data model: what a task is stands in one place, by one name."""
    for event in (NewTask(region="local", task=TASK, at=0), UPDATE, EndTask(region="local", task=TASK, at=0)):
        assert list(event_body(event, SN, [], SHANGHAI)["task"]) == ROW


@pytest.mark.parametrize("name", ["command", "Command", "COMMAND"])
async def test_contradiction_28_command_is_read_in_any_case(rig, name):
    answer = await rig.post({name: "listDevices", name.replace("ommand", "x").replace("OMMAND", "X"): 1})
    assert answer.json()["success"] is True


async def test_contradiction_29_a_session_header_goes_out_as_it_is_and_as_a_cookie(rig):
    opener = Opener(rig.keys.path(SEAL_PRIVATE))

    async def sent(headers):
        task = await rig.printed(mediaSource="URL", mediaFormat="HTML", content="http://example.com", headers=headers)
        assert isinstance(task.document.content, Remote)
        return decode(SealedRequest, opener.open(task.document.content.sealed)).headers

    assert await sent({"JSESSIONID": "0d41"}) == (("JSESSIONID", "0d41"), ("Cookie", "JSESSIONID=0d41"))
    assert await sent({"JSESSIONID": "0d41", "Cookie": "a=b"}) == (("JSESSIONID", "0d41"), ("Cookie", "a=b"))
    assert await sent({"X-Ticket": "1"}) == (("X-Ticket", "1"),)


async def test_contradiction_30_switches_and_headers_count_at_both_levels(rig):
    at_task = {"javascript": False, "printBackground": False, "headers": {"X-Ticket": "1"}}
    for more in (at_task, {"config": at_task}):
        task = await rig.printed(mediaSource="URL", mediaFormat="HTML", content="http://example.com", **more)
        assert (task.document.javascript, task.document.background) == (False, False)
        opened = Opener(rig.keys.path(SEAL_PRIVATE)).open(task.document.content.sealed)
        assert decode(SealedRequest, opened).headers == (("X-Ticket", "1"),)


@pytest.mark.parametrize("body", [{"command": "listDevices"}, {"command": "listDevices", "data": None}])
async def test_contradiction_31_no_data_is_empty_data(rig, body):
    assert (await rig.post(body)).json()["success"] is True


async def test_contradiction_32_a_task_can_be_canceled(rig):
    assert "cancelTask" in COMMANDS
    answer = await rig.command("cancelTask", {"taskId": TASK.id})
    assert answer["success"] is True
    assert rig.bus.asked[-1].task == TASK.id


async def test_contradiction_33_openapi_is_for_everybody_with_a_token_and_webapi_for_this_machine(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=(VIEW,))
        transport = httpx.ASGITransport(app=rig.app, client=("10.8.1.77", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://10.8.1.20:39899") as colleague:
            answer = await colleague.post("/openapi", json={"command": "listDevices"}, headers=HEAD)
            assert answer.json()["success"] is True
            page = {"Origin": "http://10.8.1.20:39899", "Webapi-Session": "new"}
            refused = await colleague.post("/webapi/open", json={}, headers=page)
            assert refused.status_code in (403, 421)
