"""The folder of a `paper:` queue: what came out of that device, and how it misbehaves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a device's log: a job started, ended, or failed. `title` is the job's name."""

    what: Literal["START", "END", "FAIL"]
    job_id: int
    path: Path
    title: str

    def bytes(self) -> bytes:
        """What the device was sent; more may come while the job has not ended."""
        return self.path.read_bytes()


class Paper:
    """A device with a memory, the ground truth of a queue. A job counts as printed once for each START in its log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def device_uri(self) -> str:
        """What a queue's device-uri is to be."""
        return f"paper:{self.folder}"

    def log(self) -> list[Line]:
        """Every line, in order."""
        path = self.folder / "log"
        return [_line(text) for text in path.read_text().splitlines()] if path.exists() else []

    def started(self) -> list[Line]:
        """The jobs that reached the device, in order; one that is there twice was printed twice."""
        return [line for line in self.log() if line.what == "START"]

    def ended(self) -> list[Line]:
        """The jobs that came out whole, in order."""
        return [line for line in self.log() if line.what == "END"]

    def hold(self) -> None:
        """Jobs stay in the device, started, until `release`."""
        (self.folder / "hold").touch()

    def release(self) -> None:
        """Ends `hold`."""
        (self.folder / "hold").unlink(missing_ok=True)

    def fail(self) -> None:
        """Jobs fail before anything is on paper, until `fail_no_more`."""
        (self.folder / "fail").touch()

    def fail_no_more(self) -> None:
        """Ends `fail`."""
        (self.folder / "fail").unlink(missing_ok=True)

    def slow_down(self, seconds: float) -> None:
        """Each job takes so long; 0 for as fast as it can."""
        path = self.folder / "delay"
        if seconds:
            path.write_text(f"{seconds}\n")
        else:
            path.unlink(missing_ok=True)


def _line(text: str) -> Line:
    what, job, path, title = text.split("\t", 3)
    if what not in ("START", "END", "FAIL"):
        raise ValueError(f"the paper log holds no such line: {what}")
    return Line(what, int(job), Path(path), title)  # type: ignore[arg-type]
