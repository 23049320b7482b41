"""A web page to PDF: how it is reached, when it is complete, how large its pages are."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, Error, Page, Request, Response

from libs.runtime.vetting import Forbidden, Unknown, Unreachable
from services.converter.domain import Failure, Layout, Rejected
from services.converter.geometry import SAME, points
from services.converter.proxy import DOCUMENT_HOST, Visit

_BOX = re.compile(rb"/MediaBox\s*\[\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*\]")
#: A complete page has loaded nothing for so many seconds; how long that is waited for.
_QUIET, _SETTLE, _JOURNEYS = 0.1, 8.0, 5
_CRASH = 0.3
#: How far down a page's content reaches, in pixels.
_HEIGHT = (
    "() => Math.ceil(Math.max(document.documentElement.getBoundingClientRect().bottom + scrollY, "
    "document.body ? document.body.scrollHeight : 0))"
)


@dataclass(frozen=True, slots=True)
class WebPage:
    """What to print: an address, or None for the document that the visit holds; the headers go to its own origin only."""

    layout: Layout
    oriented: bool
    background: bool
    javascript: bool
    url: str = f"http://{DOCUMENT_HOST}/"
    headers: tuple[tuple[str, str], ...] = ()

    def at(self, url: str, headers: Sequence[tuple[str, str]]) -> "WebPage":
        """The same for a page at an address."""
        return replace(self, url=url, headers=tuple(headers))


async def render(page: Page, wanted: WebPage, visit: Visit) -> bytes:
    """The page as PDF, on pages of about the layout's size. Raises `Rejected`, `Unreachable`, or Playwright's `Error`."""
    page.context.on("page", lambda popup: asyncio.ensure_future(_dismiss(popup)))
    loading = _Loading()
    loading.watch(page)
    if wanted.headers:
        await _add_headers(await page.context.new_cdp_session(page), wanted)
    await _open(page, wanted, visit)
    await loading.settled(page, javascript=wanted.javascript)
    return await _print(page, wanted)


async def _dismiss(popup: Page) -> None:
    try:
        await popup.close()
    except Error:
        return


@dataclass  # without slots: Playwright marks the owner of a handler
class _Loading:
    """The requests of a page that are under way."""

    open: set[Request] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def watch(self, page: Page) -> None:
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _began(self, request: Request) -> None:
        if request.url.startswith("http"):  # what a page gives itself (blob:, data:) may never end
            self.open.add(request)
        self.changed.set()

    def _ended(self, request: Request) -> None:
        self.open.discard(request)
        self.changed.set()

    async def settled(self, page: Page, *, javascript: bool) -> None:
        """Wait until nothing is loaded any more, but not for a page that never stops."""
        try:
            async with asyncio.timeout(_SETTLE):
                if javascript:
                    await _painted(page)
                while self.open:
                    self.changed.clear()
                    await self.changed.wait()
                    if not self.open:
                        await asyncio.sleep(_QUIET)
        except TimeoutError:
            return


async def _painted(page: Page) -> None:
    """Wait for fonts and one frame; a page that goes elsewhere meanwhile is waited for there."""
    for _ in range(_JOURNEYS):
        try:
            await page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => 0)")
        except Error:
            await page.wait_for_load_state("load", timeout=0)
        else:
            return


async def _add_headers(session: CDPSession, wanted: WebPage) -> None:
    """Send the task's headers with every request to its own origin, and with none to another, also after a redirect."""
    scheme, _, rest = wanted.url.partition("://")
    origin = f"{scheme}://{re.split(r'[/?#]', rest, maxsplit=1)[0].rpartition('@')[2]}"

    async def go_on(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["request"]["headers"].items()}
        headers.update({name.lower(): value for name, value in wanted.headers})
        if "cookie" in headers:
            headers["cookie"] = "; ".join([headers["cookie"], *await _stored(session, event["request"]["url"], headers["cookie"])])
        changed = [{"name": name, "value": value} for name, value in headers.items()]
        await session.send("Fetch.continueRequest", {"requestId": event["requestId"], "headers": changed})

    def paused(event: dict[str, Any]) -> None:
        task = asyncio.ensure_future(go_on(event))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    session.on("Fetch.requestPaused", paused)
    await session.send("Fetch.enable", {"patterns": [{"urlPattern": f"{_literal(origin)}/*", "requestStage": "Request"}]})


async def _stored(session: CDPSession, url: str, given: str) -> Sequence[str]:
    """Cookies that the server has set meanwhile, without those that the task gives itself: a given header replaces them all."""
    names = {part.partition("=")[0].strip() for part in given.split(";")}
    answer = await session.send("Network.getCookies", {"urls": [url]})
    return [f"{cookie['name']}={cookie['value']}" for cookie in answer["cookies"] if cookie["name"] not in names]


def _literal(text: str) -> str:
    return re.sub(r"([\\*?])", r"\\\1", text)


_ASTRAY = "The page cannot be opened: {host} redirects to what is no address of the web."
#: Chromium's words for a page that will never open, and ours.
_NEVER: tuple[tuple[str, Failure, str], ...] = (
    ("ERR_CERT", Failure.UNREACHABLE, "The page cannot be opened: the certificate of {host} is not valid."),
    ("ERR_SSL", Failure.UNREACHABLE, "The page cannot be opened: {host} cannot be spoken to safely."),
    ("ERR_TOO_MANY_REDIRECTS", Failure.UNREACHABLE, "The page cannot be opened: {host} redirects without end."),
    ("ERR_UNSAFE_REDIRECT", Failure.UNREACHABLE, _ASTRAY),
    ("ERR_INVALID_REDIRECT", Failure.UNREACHABLE, _ASTRAY),
    ("ERR_UNKNOWN_URL_SCHEME", Failure.UNREACHABLE, _ASTRAY),
    ("invalid URL", Failure.UNREACHABLE, "The document's address is not a valid one; check how it is written."),
    ("ERR_INVALID_URL", Failure.UNREACHABLE, "The document's address is not a valid one; check how it is written."),
    ("ERR_UNSAFE_PORT", Failure.UNREACHABLE, "The page cannot be opened: its port is one that browsers never open."),
    ("ERR_ABORTED", Failure.MISLABELLED, "The task says HTML, but {host} answers with something that is no page."),
    ("Download is starting", Failure.MISLABELLED, "The task says HTML, but {host} answers with something that is no page."),
)


async def _open(page: Page, wanted: WebPage, visit: Visit) -> None:
    if wanted.url.startswith(f"http://{DOCUMENT_HOST}/"):
        await page.goto(wanted.url, wait_until="load", timeout=0)
        return
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.request.is_navigation_request() else None)
    try:
        await page.goto(wanted.url, wait_until="load", timeout=0)
    except Error as error:
        if "ERR_ABORTED" in error.message:
            await asyncio.sleep(_CRASH)  # so does a navigation end whose renderer died; that is told a moment later
        _check_answers(answers, visit)
        raise _unopened(_host(wanted.url), visit, error) from None
    _check_answers(answers, visit)


def _check_answers(answers: Sequence[Response], visit: Visit) -> None:
    """Raises for a page that was refused by the proxy, or by its host. A frame's answer is the page's own affair."""
    for answer in answers:
        if answer.status < 400 or answer.frame.parent_frame:
            continue
        host = _host(answer.url)
        if host in visit.refused:
            _raise_refusal(visit.refused[host])
        if answer.status >= 500:
            raise Unreachable(f"{host} answers with the status {answer.status}.")
        raise Rejected(Failure.UNREACHABLE, f"The page cannot be opened: {host} answers with the status {answer.status}.")


def _unopened(host: str, visit: Visit, error: Error) -> Exception:
    """Why a page did not open, told apart by what the proxy saw and by Chromium's words."""
    for refusal in visit.refused.values():
        _raise_refusal(refusal)
    if visit.budget < 0:
        return Rejected(Failure.TOO_LARGE, "The page loads more than can be printed here; make it smaller.")
    for words, failure, sentence in _NEVER:
        if words in error.message:
            return Rejected(failure, sentence.format(host=host))
    return Unreachable(f"{host} does not answer, or not to the end.") if "net::ERR_" in error.message else error


def _raise_refusal(refusal: Exception) -> None:
    if isinstance(refusal, (Forbidden, Unknown)):
        raise Rejected(Failure.UNREACHABLE, f"The page cannot be opened: {refusal}")
    raise refusal


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the address"


async def _print(page: Page, wanted: WebPage) -> bytes:
    if wanted.layout.roll:
        return await _length(page, wanted)
    layout = wanted.layout
    width, height = layout.width, layout.height
    if layout.margins_forced or (layout.forced and wanted.oriented):
        await _insist(page, _page_rule(layout, width, height, sized=layout.forced and wanted.oriented))
    data = await _pdf(page, wanted)
    if layout.forced and not wanted.oriented and not _fits(data, width, height):
        # The sheet is the ticket's; how it lies was left to the page, and the page has said something about its size.
        across, down = size(data)
        if (across > down) != (width > height):
            width, height = height, width
        await _insist(page, _page_rule(layout, width, height, sized=True))
        data = await _pdf(page, wanted)
    return data


async def _length(page: Page, wanted: WebPage) -> bytes:
    """The page as one length of a roll, as long as its content: measured as it will be printed."""
    layout, around = wanted.layout, wanted.layout.margins
    width = layout.width - around.left - around.right
    await page.emulate_media(media="print")
    # A low window: what is as high as the window must not make the paper long.
    await page.set_viewport_size({"width": max(1, floor(points(width) * 96 / 72)), "height": 16})
    pixels = await page.evaluate(_HEIGHT)
    height = min(layout.height, round((float(pixels) + 1) * 2540 / 96) + around.top + around.bottom)
    cut = replace(layout, height=max(height, 1000))
    await _insist(page, _page_rule(cut, cut.width, cut.height, sized=True))
    return await _pdf(page, replace(wanted, layout=cut))


async def _insist(page: Page, css: str) -> None:
    """Add a style sheet. Playwright's own way waits for an event that a page without scripts never sends."""
    await page.evaluate(
        "css => { (document.head ?? document.documentElement).append(Object.assign(document.createElement('style'), "
        "{textContent: css})) }",
        css,
    )


async def _pdf(page: Page, wanted: WebPage) -> bytes:
    layout = wanted.layout
    width, height = _across(layout.width), _down(layout.height)
    top, right, bottom, left = _edges(layout, layout.width, layout.height)
    return await page.pdf(
        width=width,
        height=height,
        margin={"top": top, "right": right, "bottom": bottom, "left": left},
        print_background=wanted.background,
        prefer_css_page_size=True,
    )


def _page_rule(layout: Layout, width: int, height: int, *, sized: bool) -> str:
    """What beats a page's own `@page` rule (CSS Paged Media 3): the printer's paper is not the page's to choose."""
    size_rule = f"size:{_across(width)} {_down(height)}!important;" if sized else ""
    margin_rule = f"margin:{' '.join(_edges(layout, width, height))}!important" if layout.margins_forced else ""
    return f"@page{{{size_rule}{margin_rule}}}"


def _across(edge: int) -> str:
    """A sheet's width in whole points, for Chromium rounds up to them; finishing adds what is lost on the right."""
    return f"{floor(points(edge) + 0.001) / 72:.6f}in"


def _down(edge: int) -> str:
    """A sheet's height in whole points, not less: what is exactly as high as the sheet (a label) must not begin another page.

    Finishing takes what is too much from below.
    """
    return f"{ceil(points(edge) - 0.001) / 72:.6f}in"


def _edges(layout: Layout, width: int, height: int) -> tuple[str, str, str, str]:
    """The margins: that on the right less what the page has lost to whole points, that below with what it has gained."""
    margins = layout.margins
    right = max(0.0, points(margins.right) - (points(width) - floor(points(width) + 0.001)))
    gained = ceil(points(height) - 0.001) - points(height) if margins.bottom else 0.0
    below, top, left = points(margins.bottom) + gained, points(margins.top), points(margins.left)
    return f"{top / 72:.6f}in", f"{right / 72:.6f}in", f"{below / 72:.6f}in", f"{left / 72:.6f}in"


def size(data: bytes) -> tuple[float, float]:
    """Width and height of the first page of Chromium's PDF, in points."""
    found = _BOX.search(data)
    x0, y0, x1, y1 = (float(value) for value in found.groups()) if found else (0.0, 0.0, 0.0, 0.0)
    return x1 - x0, y1 - y0


def _fits(data: bytes, width: int, height: int) -> bool:
    across, down = size(data)
    return abs(across - points(width)) < SAME and abs(down - points(height)) < SAME
