"""Each request that the protocol's document prints, comments and all, gets the documented answer from running services."""

import re

import httpx
import pytest

from tests.integration.installation import installation
from tests.seed.examples import DEVICE_INFO, FORM, REQUESTS, ROW, SN, TASK_ID, URL, WPS, XPS, in_lines
from tests.waiting import until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.mark.timeout(180)
async def test_each_printed_request_gets_the_documented_answer(tmp_path):
    printers = [f"file://{tmp_path}/xps?name={XPS.replace(' ', '%20')}", f"file://{tmp_path}/wps?name={WPS.replace(' ', '%20')}"]
    async with installation(tmp_path, printers, SN=SN, CONVERTER_ENGINES='["text","image"]') as server:
        await server.start()
        await server.device(XPS)
        await server.device(WPS)
        async with httpx.AsyncClient(base_url=server.url, headers={"Api-Access-Token": server.token}, timeout=30) as client:

            async def say(section, **more):
                text = REQUESTS[section]
                for word, value in more.items():
                    text = text.replace(word, value)
                answer = await client.post("/openapi", content=text.encode())
                assert answer.status_code == 200, answer.text
                return answer.json()

            for section in ("3.2 sending a command", "5.2 listDevices"):
                told = await say(section)
                assert list(told) == ["success", "data", "command"]
                assert (told["success"], told["command"]) == (True, "CALLBACK")
                assert {XPS, WPS} <= {each["name"] for each in told["data"]}
                for each in told["data"]:
                    assert list(each) == DEVICE_INFO
                    assert each["type"] == {"type": "printer"}
                    assert (each["local"], each["controlSn"], each["connectSn"], each["status"]) == (True, SN, SN, 1)

            told = await say("5.3 getDeviceDetail")
            assert list(told) == ["success", "data", "command"]
            assert list(told["data"]) == ["baseInfo", "capability"]
            assert list(told["data"]["baseInfo"]) == DEVICE_INFO
            assert told["data"]["baseInfo"]["name"] == XPS
            capability = told["data"]["capability"]
            assert set(capability["supportedColors"]) == {"MONOCHROME", "COLOR"}
            assert capability["supportsCopies"] is True
            assert {"PORTRAIT", "LANDSCAPE", "REVERSE_LANDSCAPE"} <= set(capability["supportedOrientations"])
            assert capability["supportedCollates"] == ["COLLATE", "UNCOLLATE"]

            assert await say("5.5 setDefaultDevice") == {"success": True, "command": "CALLBACK"}
            told = await say("5.4 getDefaultDevice")
            assert list(told["data"]) == DEVICE_INFO
            assert (told["data"]["name"], told["data"]["defaultDevice"]) == (XPS, True)

            told = await say("5.6 newPrintTask")
            assert list(told) == ["success", "data", "command"]
            assert list(told["data"]) == ["taskId"]
            assert re.fullmatch(TASK_ID, told["data"]["taskId"])
            first = told["data"]["taskId"]

            file = (await client.post("/openapi/sendTmpFile", files={"file": ("test.png", PNG)})).json()
            assert list(file) == ["file", "success"]
            assert list(file["file"]) == ["fileName", "fileSize", "mediaFormat", "url"]
            assert (file["file"]["fileName"], file["file"]["fileSize"], file["file"]["mediaFormat"]) == (
                "test.png",
                str(len(PNG)),
                "PNG",
            )
            told = await say("5.7.2 newPrintTask of an upload", **{URL: in_lines(file["file"]["url"])})
            upload = told["data"]["taskId"]
            assert re.fullmatch(TASK_ID, upload)

            told = await say("5.8 newPrintTaskBatch")
            assert told["success"] is True
            assert [list(each) for each in told["data"]] == [["taskName", "success", "taskId"]]
            assert (told["data"][0]["taskName"], told["data"][0]["success"]) == ("Task001", True)

            told = await say("5.9 listTasks")
            assert list(told) == ["success", "data", "command"]
            assert [each["taskId"] for each in told["data"]] == [told["data"][0]["taskId"], upload, first]
            for each in told["data"]:
                assert list(each) == ROW
                assert (each["taskType"], each["taskName"], each["deviceType"], each["deviceAlias"]) == (
                    0,
                    "Task001",
                    "printer",
                    "",
                )
                assert each["from"] == "CLIENT_OPENAPI"
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", each["createTime"])

            answer = await client.post("/openapi", content=FORM)  # a form, not a request: names stand where values belong
            assert (answer.status_code, answer.json()["success"]) == (400, False)
            assert "line 2" in answer.json()["message"]

            await server.reaches(upload, "FINISHED")
            await until((tmp_path / "wps" / f"{upload}.pdf").exists, what="the upload on paper")
