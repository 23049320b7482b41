"""The machine, as far as it explains figures."""

import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from libs.runtime.natsserver import binary

ROOT = Path(__file__).parents[1]
SYNCS = 50


def machine() -> dict[str, Any]:
    """Processors, memory, versions, and what it costs to have 4 KB on disk."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "nats_server": _said(binary(), "--version").rpartition(" ")[2],
        "sync_ms": round(_sync(), 3),
        "commit": commit(),
    }


def load() -> float:
    """How many processes wanted a processor in the last minute."""
    return round(os.getloadavg()[0], 2)


def commit() -> str:
    """Which state of the code it is; with + where something in it is not committed."""
    changed = _said("git", "status", "--porcelain", "libs", "services", "bench")
    return _said("git", "rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(*argv: str) -> str:
    """What a program says; empty where it is not there."""
    try:
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _sync() -> float:
    """Milliseconds that a write of 4 KB with fsync takes, the median of some."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(SYNCS):
            begun = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)
