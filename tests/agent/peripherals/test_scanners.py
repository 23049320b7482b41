import asyncio
import os

from services.agent.peripherals.scanners import scanners


def program(folder, body: str) -> str:
    """A `scanimage` of our own; the search path that finds it."""
    folder.mkdir()
    (folder / "scanimage").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "scanimage").chmod(0o755)
    return str(folder)


async def test_without_the_program_there_are_no_scanners(tmp_path):
    assert await scanners(str(tmp_path)) == []


async def test_scanners_are_called_by_maker_and_model_and_a_camera_is_none(tmp_path):
    path = program(
        tmp_path / "bin",
        'case "$1" in --formatted-device-list=*) ;; *) exit 2 ;; esac\n'
        "printf 'epson2:libusb:001:004\\tEpson\\tPerfection  V39\\n'\n"
        "printf 'v4l:/dev/video0\\tNoname\\tWebcam\\n'\n"
        "printf 'net:host:x\\t\\t\\n'\n"
        "echo 'Default device is x'",
    )
    assert await scanners(path) == ["Epson Perfection V39", "net:host:x"]


async def test_a_program_that_fails_has_found_nothing(tmp_path):
    assert await scanners(program(tmp_path / "bin", "echo broken >&2; exit 1")) == []


async def test_a_program_that_hangs_is_given_up_with_its_children(tmp_path):
    path = program(tmp_path / "bin", f"echo $$ > {tmp_path}/pid\nsleep 60 & wait")
    async with asyncio.timeout(30):
        assert await scanners(path, limit=0.5) == []
    pid = int((tmp_path / "pid").read_text())
    await asyncio.sleep(0)
    assert not os.path.exists(f"/proc/{pid}")  # noqa: ASYNC240, PTH110 - one look
