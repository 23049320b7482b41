"""The WebSocket of the WebAPI: a page is greeted, asks, hears of its tasks, and goes on after a break."""

from tests.gateway.webapi.rig import doors
from tests.webhooks.events import SN, life, news


async def test_a_page_is_greeted_asks_and_hears(tmp_path):
    async with doors(tmp_path) as server, server.page() as page:
        assert page.socket.subprotocol == "webprinter.v1"
        assert (page.hello["sn"], page.hello["seq"]) == (SN, 0)
        assert page.hello["limits"]["message"] == 8 * 1024 * 1024
        assert await page.call("listTasks", {"limit": "no"}, id=7) == {
            "id": 7, "success": False, "message": "limit must be a number from 1 to 1e+09; it is 'no'.", "command": "CALLBACK",
        }  # fmt: skip
        assert (await page.call("getDefaultDevice"))["success"]
        await page.say(command="PING")
        assert await page.hear() == {"command": "PONG"}
        await server.tell(life(f"{SN}-1"))
        heard = await page.events(5)
        assert [each["name"] for each in heard] == ["NewTaskEvent", *["UpdateTaskStatusEvent"] * 3, "EndTaskEvent"]
        assert [each["seq"] for each in heard] == [1, 2, 3, 4, 5]
        assert list(heard[1]) == ["command", "seq", "ips", "sn", "name", "task", "oldStatus", "newStatus"]


async def test_missed_events_are_told_after_a_break_and_after_a_restart(tmp_path):
    async with doors(tmp_path) as server:
        async with server.page() as page:
            old = page.hello["session"]
        await server.tell(news(3))
        async with server.page() as page:
            await page.say(command="RESUME", session=old, lastSeq=1)
            assert await page.hear() == {"command": "RESUMED", "session": old, "known": True, "seq": 1, "reset": False}
            assert [each["seq"] for each in await page.events(2)] == [2, 3]
        await server.gateway.stop()
        await server.tell(news(2, start=3))
        await server.start()
        async with server.page() as page:
            await page.say(command="RESUME", session=old, lastSeq=2)
            assert await page.hear() == {
                "command": "RESUMED", "session": page.hello["session"], "known": False, "seq": 2, "reset": False,
            }  # fmt: skip
            assert [each["seq"] for each in await page.events(3)] == [3, 4, 5]
            await server.tell(news(1, start=5))
            assert (await page.hear())["seq"] == 6
