"""Taking a group of measures in a child process: a folder of its own, a limit of time, and nothing that outlives it."""

import contextlib
import ctypes
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.findings import FAILED, MEASURED, Findings
from bench.measure import Measure
from libs.runtime import children

ROOT = Path(__file__).parents[1]
_PR_SET_CHILD_SUBREAPER = 36
#: Seconds to end in good order.
GRACE = 15.0
#: Characters of what a failed measure said that are shown.
SHOWN = 3000


def adopt_orphans() -> None:
    """Whatever a dead child leaves becomes our child, so that it is found and ended."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def take(group: Sequence[Measure], *, rounds: int, quick: bool) -> dict[str, dict[str, Any]]:
    """What each measure of the group found, by its number, with `state` and, where it failed, `reason`."""
    with _home() as home:
        written, log = home / "findings.json", home / "errors.log"
        reason = _run(group, home, written, log, [f"--rounds={rounds}", *(["--quick"] if quick else [])])
        found: dict[str, dict[str, Any]] = (
            json.loads(written.read_text()) if written.exists() else {each.number: Findings(each).plain() for each in group}
        )
        for each in found.values():
            failed = bool(reason) and not each["complete"]
            each.update({"state": FAILED, "reason": reason} if failed else {"state": MEASURED})
            each["results"] = [{**result, "met": result["met"] and not failed} for result in each["results"]]
        return found


def _run(group: Sequence[Measure], home: Path, written: Path, log: Path, options: list[str]) -> str:
    """Why it failed; empty when it did not."""
    argv = [sys.executable, "-m", "bench.child", *(each.number for each in group), "--folder", str(home), "--written", str(written)]
    patience = max(each.patience for each in group)
    with log.open("wb") as output:
        child = children.start([*argv, *options], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=output, env=_environment(home))
    try:
        code = child.wait(patience)
    except subprocess.TimeoutExpired:
        return f"it was not done within {patience:.0f} s"
    finally:
        with _patiently():
            children.stop(child, GRACE)
        end_descendants()
    return "" if code == 0 else _last(log, code)


def end_descendants() -> None:
    """Kill whatever is left below us, its orphans included."""
    for _ in range(3):
        left = psutil.Process().children(recursive=True)
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(left, 5)
        if not left:
            return


def _environment(home: Path) -> dict[str, str]:
    """Temporary folders of everything that runs lie in our own, and no setting of this machine's Printbus holds."""
    import os  # noqa: PLC0415 - the one place of the benchmark that hands its environment on

    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRINTBUS_")}
    return {**kept, "TMPDIR": str(home), "PYTHONUNBUFFERED": "1"}


def _last(log: Path, code: int) -> str:
    """The last line that it wrote into its log: of a traceback, what was raised."""
    text = log.read_text(errors="replace")
    logs = sorted(log.parent.rglob("*.log"), key=lambda path: path.stat().st_mtime)
    sys.stderr.write(text[-SHOWN:] + "".join(f"\n{path}:\n{path.read_text(errors='replace')[-SHOWN // 2 :]}" for path in logs[-3:]))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"{lines[-1][:500]}" if lines else f"it ended with code {code} and no word"


@contextmanager
def _home() -> Iterator[Path]:
    """A folder that cupsd's filters, which run as somebody else, can look into."""
    home = Path(tempfile.mkdtemp(prefix="printbus-bench-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _patiently() -> Iterator[None]:
    """A second Ctrl-C does not keep us from clearing up."""
    with contextlib.suppress(KeyboardInterrupt):
        yield
