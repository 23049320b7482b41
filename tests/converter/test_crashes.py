"""Engines that are killed, spin, or grow: the document is tried again or ends, others go on, and no process is left."""

import asyncio
import contextlib
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from libs.contracts.documents import Engine, Format
from libs.contracts.tickets import Media, Ticket
from services.converter.conversion import Converter, Rejected
from services.converter.watchdog import members
from tests.converter import samples
from tests.converter.conftest import of_ours, settings
from tests.waiting import until

LABEL = Ticket(media=Media(6000, 4000))


@asynccontextmanager
async def little(folder: Path, **given: object):
    """A converter of few engines and little patience."""
    running = Converter(settings(folder / "data", **{"converter_workers": 2, "converter_lanes": 1, "convert_timeout": 6} | given))
    await running.start()
    try:
        yield running
    finally:
        await running.close()
    await until(lambda: not of_ours(running), what="no process is left")
    assert not list((folder / "data" / "engines").glob("*"))


@pytest.fixture
async def quick(tmp_path):
    async with little(tmp_path, engine_memory=700 * 1024 * 1024) as running:
        yield running


@pytest.fixture
async def patient(tmp_path):
    """One that a busy machine does not hurry: for what has nothing to do with lateness."""
    async with little(tmp_path, convert_timeout=60) as running:
        yield running


async def convert(running: Converter, folder: Path, kind: Format, data: bytes, ticket: Ticket = LABEL):
    return await running.convert(samples.order(kind, ticket), written(folder, data), folder)


def written(folder: Path, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    source = folder / "source"
    source.write_bytes(data)
    return source


def named(word: str, running: Converter) -> list[int]:
    """The processes of a converter's engines whose command line has this word."""
    found = []
    for pid in members(os.getpid()):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if word in line and pid != os.getpid():
            found.append(pid)
    return found


def at_work(running: Converter) -> bool:
    """Whether a lane or the browser has a document."""
    browser = running._engines.browsers.current
    return bool(running._engines.lanes._busy or (browser and browser.company.inside))


def starting(running: Converter) -> int:
    """How many lanes and workers are being started."""
    return running._engines.lanes._starting + running._engines.workers._starting


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("kind", "data", "word"),
    [
        (Format.WORD, samples.word, "soffice.bin"),
        (Format.HTML, lambda: b"<p>words</p>", "chromium-headless-shell"),
        (Format.TEXT, lambda: b"words", "converter.worker"),
    ],
)
async def test_an_engine_that_was_killed_while_idle_is_replaced(patient, tmp_path, kind, data, word):
    await convert(patient, tmp_path / "a", kind, data())
    await until(lambda: not starting(patient), what="all are idle: who waits for one that dies at its start is told so")
    kill(await until(lambda: named(word, patient)))
    assert (await convert(patient, tmp_path / "b", kind, data())).pages >= 1


@pytest.mark.parametrize(("kind", "word"), [(Format.WORD, "soffice.bin"), (Format.HTML, "chromium-headless-shell")])
async def test_a_document_whose_engine_is_killed_once_is_converted_by_a_fresh_one(patient, tmp_path, kind, word):
    paragraphs = "word " * 20_000
    data = samples.word(paragraphs) if kind is Format.WORD else f"<p>{paragraphs}</p>".encode()
    await patient.ready(Engine.OFFICE if kind is Format.WORD else Engine.HTML)
    converting = asyncio.create_task(convert(patient, tmp_path / "a", kind, data))
    await until(lambda: at_work(patient), what="it is being converted")
    kill(named(word, patient))
    assert (await converting).pages >= 1


async def test_a_page_whose_renderer_dies_is_printed_at_the_second_try(patient, tmp_path):
    await convert(patient, tmp_path / "a", Format.HTML, b"<p>words</p>")
    slow = b"<p>words</p><script>for (const end = Date.now() + 1500; Date.now() < end;) ;</script>"
    converting = asyncio.create_task(convert(patient, tmp_path / "b", Format.HTML, slow))
    await until(lambda: at_work(patient), what="the page is being printed")
    kill(named("type=renderer", patient))
    assert (await converting).pages == 1


async def test_a_page_that_never_rests_ends_in_time_and_others_do_not_wait(quick, tmp_path):
    endless = b"<p>x</p><script>for (;;) {}</script>"
    await convert(quick, tmp_path / "first", Format.HTML, b"<p>words</p>")  # its engines have started
    hanging = asyncio.create_task(convert(quick, tmp_path / "bad", Format.HTML, endless))
    good = await asyncio.gather(*(convert(quick, tmp_path / str(n), Format.HTML, b"<p>words</p>") for n in range(6)))
    assert all(finished.pages == 1 for finished in good)
    assert not hanging.done(), "the good ones did not wait"
    with pytest.raises(Rejected) as rejected:
        await hanging
    assert rejected.value.reason == "document-unprintable-error"
    assert "too long" in rejected.value.message
    assert (await convert(quick, tmp_path / "after", Format.HTML, b"<p>words</p>")).pages == 1


@pytest.mark.parametrize(
    "script",
    [
        "alert(1); confirm(2); prompt(3)",
        "window.print()",
        "for (let n = 0; n < 20; n++) window.open('about:blank')",
        "setInterval(() => document.body.append('x'), 1)",
        "new Worker(URL.createObjectURL(new Blob(['for(;;){}'])))",
        "location.reload()",
        "onbeforeunload = () => 'stay'",
    ],
)
async def test_a_restless_page_is_printed_or_ends(quick, tmp_path, script):
    page = f"<p>words</p><script>if (!sessionStorage.x) {{ sessionStorage.x = 1; {script} }}</script>"
    assert (await convert(quick, tmp_path / "a", Format.HTML, page.encode())).pages >= 1


async def test_a_page_that_takes_all_memory_ends_and_the_next_is_printed(quick, tmp_path):
    page = b"<p>x</p><script>let all = []; for (;;) all.push(new Uint8Array(20_000_000).fill(7))</script>"
    with pytest.raises(Rejected) as rejected:
        await convert(quick, tmp_path / "bad", Format.HTML, page)
    assert rejected.value.reason == "document-unprintable-error"
    assert (await convert(quick, tmp_path / "after", Format.HTML, b"<p>words</p>")).pages == 1


async def test_an_image_that_unpacks_to_all_memory_ends(tmp_path):
    huge = samples.saved(Image.new("L", (20_000, 20_000)), format="PNG", compress_level=1)
    async with little(tmp_path, engine_memory=256 * 1024 * 1024, max_pixels=10**9) as narrow:
        with pytest.raises(Rejected) as rejected:
            await convert(narrow, tmp_path / "bad", Format.PNG, huge)
        assert rejected.value.reason == "document-unprintable-error"
        assert (await convert(narrow, tmp_path / "after", Format.PNG, samples.picture("PNG"))).pages == 1


async def test_engines_are_recycled_without_a_pause(tmp_path):
    async with little(tmp_path, engine_recycle=2) as running:
        browsers, pids = running._engines.browsers, set()
        for _ in range(4):
            assert (await convert(running, tmp_path / "a", Format.HTML, b"<p>words</p>")).pages == 1
            assert (await convert(running, tmp_path / "b", Format.WORD, samples.word())).pages == 2
            pids |= {browsers.current.pid} if browsers.current else set()
        first = min(pids, default=0)
        await until(lambda: len(pids) > 1 or (browsers.current and browsers.current.pid != first), what="another browser is there")


async def test_idle_engines_go_to_sleep_and_wake_up(tmp_path):
    async with little(tmp_path, engine_idle=0.4) as running:
        for _ in range(2):
            assert (await convert(running, tmp_path / "a", Format.HTML, b"<p>words</p>")).pages == 1
            assert (await convert(running, tmp_path / "b", Format.TEXT, b"words")).pages == 1
            await until(lambda: not of_ours(running), what="all engines sleep")


LEVELS = [
    pytest.param("", id="as well sealed as can be"),
    pytest.param('sandbox.level = lambda: sandbox.Level("own", ())', id="without namespaces"),
    pytest.param('sandbox.level = lambda: sandbox.Level("same", ())', id="without anything"),
]


@pytest.mark.parametrize("level", LEVELS)
async def test_engines_work_and_die_with_the_service_however_they_are_sealed(tmp_path, level):
    """A kill -9 of the whole service leaves no engine behind."""
    (tmp_path / "source").write_bytes(samples.word())
    program = f"""
import asyncio
from pathlib import Path
from services.converter import sandbox
from services.converter.conversion import Converter
from libs.contracts.documents import Engine, Format
from tests.converter.conftest import settings
from tests.converter.samples import order
{level}
async def main():
    folder = Path({str(tmp_path)!r})
    running = Converter(settings(folder / "data"))
    await running.start()
    await asyncio.gather(*(running.ready(engine) for engine in Engine))
    print("pages", (await running.convert(order(Format.WORD), folder / "source", folder)).pages, flush=True)
    await asyncio.sleep(100)
asyncio.run(main())
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    while line := await child.stdout.readline():
        if line.strip() == b"pages 2":
            break
    engines = set(members(child.pid)) - {child.pid}
    assert len(engines) > 5
    child.kill()
    await child.wait()
    await until(lambda: not [pid for pid in engines if _runs(pid)], what="all engines died")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
