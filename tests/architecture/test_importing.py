"""Importing a module does nothing: no connection, no file, no thread, no program, no look at the environment."""

import json
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, imports, modules, within

#: What only Debian's own Python can import: a program of LibreOffice's that is not a module of ours to import.
OFFICE = ("uno", "unohelper", "com.sun")
#: What Alembic runs by its path, never by import.
SCRIPTS = ("libs.runtime.migrations.env",)


def importing(python: str, names: list[str], folder: Path, known: str = "") -> list[str]:
    """What importing these modules did, in an interpreter with an empty environment and an empty folder."""
    script = Path(__file__).with_name("importing.py")
    run = subprocess.run(
        [python, "-B", "-I", script, ROOT, known, *names],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout.splitlines()[-1])
    assert answer["imported"] == len(names)
    assert run.stdout.count("\n") == 1, f"importing prints: {run.stdout}"
    assert list(folder.iterdir()) == []
    return answer["offences"]


def test_importing_does_nothing(tmp_path):
    office = {module.name for module in modules() if any(within(name, *OFFICE) for name, _ in imports(module))}
    ours = [module.name for module in modules() if module.name not in office and not within(module.name, *SCRIPTS)]
    assert importing(sys.executable, ours, tmp_path) == []
    if office:
        assert importing("/usr/bin/python3", sorted(office), tmp_path, known="uno") == []


RUDE = """
import os, socket, threading
open("note", "w")
os.environ["PRINTBUS_RUDE"] = "yes"
socket.socket().connect_ex(("127.0.0.1", 9))
threading.Thread(target=threading.Event().wait, args=(5,), daemon=True).start()
"""


def test_what_a_rude_module_does_is_noticed(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "rude.py").write_text(RUDE)
    command = [sys.executable, "-B", "-I", Path(__file__).with_name("importing.py"), source, "", "rude"]
    run = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    offences = " ".join(json.loads(run.stdout)["offences"])
    for offence in ("opens note for writing", "connects", "leaves a thread running", "the environment was changed"):
        assert offence in offences
