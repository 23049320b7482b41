"""Earlier versions of Printbus, from this repository's own history, as folders from which they run."""

import subprocess
from pathlib import Path

import pytest

from tests.integration.installation import ROOT


def git(folder: Path, *words: str) -> str:
    """What git says; empty: nothing, or that it cannot."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def made(file: str) -> str:
    """The commit that made a file. Skips the test where there is no history that has it."""
    found = git(ROOT, "log", "--diff-filter=A", "--format=%H", "--", file).splitlines()
    if not found:
        pytest.skip("this copy of the repository has no history, from which an earlier version could be taken")
    return found[-1]


def check_out(folder: Path, version: str) -> Path:
    """A version in a clone of its own."""
    if not folder.exists():
        git(ROOT, "clone", "-q", str(ROOT), str(folder))
    git(folder, "checkout", "-q", version)
    assert git(folder, "rev-parse", "HEAD") == git(ROOT, "rev-parse", version)
    return folder
