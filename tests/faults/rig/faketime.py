"""A clock that can be set, for one process: libfaketime, which reads from a file how far it is off."""

import subprocess
import time
from pathlib import Path

import pytest

_LIBRARY = "faketime/libfaketime.so.1"


class FakeClock:
    """`environment` is for the process; its steady clocks are left alone, as when somebody sets a machine's clock."""

    def __init__(self, file: Path) -> None:
        library = next(Path("/usr/lib").glob(f"*/{_LIBRARY}"), None)
        if library is None:
            pytest.skip("libfaketime (Debian: faketime) is not installed")
        self._file = file
        self.set("+0")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, off: str) -> None:
        """From now on the clock is so far off: `+1h`, `-1h`, `+0`."""
        self._file.write_text(off + "\n")

    def off(self) -> float:
        """How many seconds it is ahead of ours, as a process with `environment` sees it; blocking."""
        told = subprocess.run(["date", "+%s"], env=self.environment, capture_output=True, check=True, text=True)
        return float(told.stdout) - time.time()
