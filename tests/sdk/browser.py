"""Debian's Chromium, headless, as a person would start it: with a home of its own, and trusting whom that home trusts."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

CHROMIUM = "/usr/bin/chromium"


async def trust(home: Path, certificate: Path) -> None:
    """Make programs with this home trust a certificate authority, as its owner would with certutil."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True, exist_ok=True)
    for command in (
        ("-N", "--empty-password"),
        ("-A", "-t", "C,,", "-n", "printbus", "-i", str(certificate)),
    ):
        process = await asyncio.create_subprocess_exec(
            "certutil", "-d", f"sql:{store}", *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


@asynccontextmanager
async def chromium(home: Path, *arguments: str) -> AsyncIterator[Browser]:
    """A browser with a private home, closed afterwards."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(arguments), env={**kept, "HOME": str(home)}, timeout=60_000
        )
        try:
            yield browser
        finally:
            await browser.close()
