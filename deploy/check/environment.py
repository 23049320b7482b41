"""Programs whose packages are none of the project's: each in a virtual environment of its own, by a lock with hashes."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.check.tools import Unavailable


@dataclass(frozen=True, slots=True)
class Environment:
    """`folder` is made anew when it is missing or of another `lock`; `patience` in seconds for what pip fetches."""

    folder: Path
    lock: Path
    patience: float

    def program(self, name: str) -> Path:
        """A program of it, installed when it is missing. Raises `Unavailable`."""
        program, stamp, wanted = self.folder / "bin" / name, self.folder / "installed", self.lock.read_text()
        if not stamp.is_file() or stamp.read_text() != wanted:
            python = str(self.folder / "bin" / "python")
            pip = [python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", str(self.lock)]
            for argv in ([sys.executable, "-m", "venv", "--clear", str(self.folder)], pip):
                done = subprocess.run(argv, capture_output=True, text=True, timeout=self.patience, check=False)  # noqa: S603
                if done.returncode != 0:
                    raise Unavailable(f"{name} cannot be installed: {done.stderr[-300:]}")
            stamp.write_text(wanted)  # last: half an installation is none
        return program
