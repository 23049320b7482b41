"""setup/install.sh says what is missing instead of failing somewhere later. It runs here on a machine made of a few programs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = (
    "cat",
    "comm",
    "cut",
    "dirname",
    "env",
    "flock",
    "grep",
    "mkdir",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "sleep",
    "sort",
    "tail",
    "tr",
)


@pytest.fixture
def machine(tmp_path):
    """A checkout and a folder of programs, without sudo, Python and package manager."""
    shutil.copytree(ROOT / "setup", tmp_path / "checkout" / "setup")
    shutil.copy(ROOT / "requirements.lock", tmp_path / "checkout")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(shutil.which(name))
    return tmp_path


def program(machine, name, text):
    file = machine / "bin" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def install(machine):
    command = ["/bin/sh", machine / "checkout" / "setup" / "install.sh"]
    path = {"PATH": str(machine / "bin")}
    return subprocess.run(command, env=path, capture_output=True, text=True, timeout=60, check=False)


def has_packages(machine, *missing):
    names = [name for name in listed() if name not in missing]
    program(machine, "dpkg-query", "\n".join(f"echo '{name} installed'" for name in names))


def listed():
    lines = (ROOT / "setup" / "apt-packages.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_list_names_each_package_once_and_says_what_it_is_for():
    assert len(listed()) == len(set(listed()))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in listed())
    for section in (ROOT / "setup" / "apt-packages.txt").read_text().split("\n\n"):
        assert section.startswith("# ")


def test_without_root_and_sudo_the_missing_packages_are_named(machine):
    has_packages(machine, "cups-daemon", "gcc")
    program(machine, "id", "echo 1000")
    run = install(machine)
    assert run.returncode == 1
    assert "cups-daemon gcc" in run.stderr
    assert "apt-get install" in run.stderr
    assert "libcups2-dev" not in run.stderr


def test_sudo_is_used_when_it_is_there(machine):
    has_packages(machine, "gcc")
    program(machine, "id", "echo 1000")
    program(machine, "sudo", 'echo "$@" >>"$0.log"')
    program(machine, "python3", "exit 1")
    install(machine)
    asked = (machine / "bin" / "sudo.log").read_text()
    assert "apt-get update" in asked
    assert re.search(r"apt-get install -y --no-install-recommends .* gcc$", asked, re.MULTILINE)


def test_a_python_that_is_too_old_is_not_taken(machine):
    has_packages(machine)
    program(machine, "python3", "exit 1")
    run = install(machine)
    assert run.returncode == 1
    assert "no Python of version 3.11" in run.stderr


def test_a_python_that_cannot_make_an_environment_says_why(machine):
    has_packages(machine)
    program(machine, "python3", 'case "$1" in -V) echo Python 3.11;; -m) echo ensurepip is not available >&2; exit 1;; esac')
    run = install(machine)
    assert run.returncode == 1
    assert "ensurepip is not available" in run.stderr
    assert "could not make a virtual environment" in run.stderr


def test_a_finished_setup_is_recognised(machine):
    has_packages(machine)
    python = machine / "checkout" / ".venv" / "bin" / "python"
    maker = f'mkdir -p {python.parent}; echo {machine}/checkout/.venv >{python.parent}/activate; cp "$0" {python}'
    program(machine, "cp", f'exec {shutil.which("cp")} "$@"')
    program(machine, "python3", f'case "$1 $2" in "-V "*) echo Python 3.11;; "-m venv") {maker};; esac')
    first = install(machine)
    assert first.returncode == 0, first.stderr
    assert "setup: ready" in first.stdout
    second = install(machine)
    assert second.returncode == 0
    assert second.stdout == ""
    (machine / "checkout" / "requirements.lock").write_text("changed==1 --hash=sha256:0\n")
    assert "setup: ready" in install(machine).stdout


def test_the_script_needs_no_more_than_a_posix_shell():
    assert os.access(ROOT / "setup" / "install.sh", os.X_OK)
    assert subprocess.run(["/bin/sh", "-n", ROOT / "setup" / "install.sh"], check=False).returncode == 0
    assert "[[" not in (ROOT / "setup" / "install.sh").read_text()
