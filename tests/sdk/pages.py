"""A page that prints with webprinter.js, as a test drives it."""

from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.waiting import until

#: Keeps what happens where a test can read it; `calls` counts the callbacks of each call by its label.
DIARY = """
window.diary = {events: [], calls: {}, errors: []};
window.addEventListener("error", function (e) { diary.errors.push(e.message); });
window.addEventListener("unhandledrejection", function (e) { diary.errors.push("unhandled: " + e.reason.message); });
window.listen = function (wp) { wp.subscribe("*", function (event) { diary.events.push(event); }); };
window.say = function (label, command, data) {
    var story = diary.calls[label] = {ok: [], failed: [], kept: [], broken: []};
    wp.send(command, data,
        function (value) { story.ok.push(value === undefined ? "nothing" : value); },
        function (message, response) { story.failed.push([message, response]); }
    ).then(
        function (value) { story.kept.push(value === undefined ? "nothing" : value); },
        function (error) { story.broken.push(error.message); }
    );
};
"""


class Shop:
    """One page with `wp` in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.console: list[str] = []

    @classmethod
    async def open(cls, context: BrowserContext, address: str, before: str = "") -> "Shop":
        """Load a page; `before` runs in it ahead of its scripts."""
        page = await context.new_page()
        shop = cls(page)
        page.on("console", lambda message: shop.console.append(message.text))
        await page.add_init_script(f"{before};{DIARY}")
        await page.goto(address)
        return shop

    async def start(self, **options: Any) -> None:
        """`wp = new com.strato.Webprinter(options)`, listening to everything."""
        await self.page.evaluate("(options) => { window.wp = new com.strato.Webprinter(options); listen(wp); }", options)

    async def connected(self, times: int = 1) -> dict[str, Any]:
        """Wait for a connection; what CONNECTED said."""

        async def found() -> list[dict[str, Any]]:
            events = [event for event in await self.events() if event["name"] == "CONNECTED"]
            return events if len(events) >= times else []

        return (await until(found, what="connected"))[-1]

    async def disconnected(self, reason: str) -> dict[str, Any]:
        """Wait until the page is told why it is not connected."""

        async def found() -> list[dict[str, Any]]:
            return [event for event in await self.events() if event["name"] == "DISCONNECTED" and event["reason"] == reason]

        try:
            return (await until(found, 30, reason))[-1]
        except AssertionError:
            raise AssertionError(f"not told {reason}; {await self.events()}; {self.console}") from None

    async def send(self, command: str, data: Any = None) -> Any:
        """The promise's value. Raises Playwright's `Error` when it is rejected."""
        return await self.page.evaluate("([command, data]) => wp.send(command, data)", [command, data])

    async def refused(self, command: str, data: Any = None) -> dict[str, Any]:
        """The error of a promise that is rejected."""
        script = """([command, data]) => wp.send(command, data).then(
            (value) => ({value}),
            ({name, message, reason, response}) => ({name, message, reason, response}))"""
        error: dict[str, Any] = await self.page.evaluate(script, [command, data])
        assert "value" not in error, error
        return error

    async def say(self, label: str, command: str, data: Any = None) -> None:
        """Send with callbacks, and do not wait."""
        await self.page.evaluate("([label, command, data]) => say(label, command, data)", [label, command, data])

    async def call(self, label: str) -> dict[str, Any]:
        """What was called back for one call so far."""
        story: dict[str, Any] = await self.page.evaluate("(label) => diary.calls[label]", label)
        return story

    async def over(self, label: str, within: float = 60.0) -> dict[str, Any]:
        """Wait for the end of a call; its callbacks, checked: one of the two, once, and the promise alike."""

        async def ended() -> dict[str, Any] | None:
            story = await self.call(label)
            return story if story["kept"] or story["broken"] else None

        story = await until(ended, within, f"the end of {label}")
        assert len(story["ok"]) + len(story["failed"]) == 1, story
        assert len(story["kept"]) == len(story["ok"]), story
        assert len(story["broken"]) == len(story["failed"]), story
        return story

    async def events(self, *names: str) -> list[dict[str, Any]]:
        """What was heard, in order; of these names only, if any are given."""
        events: list[dict[str, Any]] = await self.page.evaluate("diary.events")
        return [event for event in events if not names or event["name"] in names]

    async def errors(self) -> list[str]:
        """Uncaught errors of the page."""
        errors: list[str] = await self.page.evaluate("diary.errors")
        return errors
