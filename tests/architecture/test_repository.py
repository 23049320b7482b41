"""What is committed beside the code: the lock, the commands, and no address that only works somewhere else."""

import os
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from tests.architecture.source import ROOT

FOREIGN_LOCKS = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "yarn.lock", "pnpm-lock.yaml"}
#: Hosts of package registries; in pieces, so that this file does not name one.
REGISTRIES = re.compile(
    "|".join(r"\.".join(host) for host in (("pypi", "org"), ("python" + "hosted", "org"), ("npmjs", "org"), ("npmjs", "com")))
)
PACKAGE = re.compile(r"^([a-z0-9][a-z0-9._-]*)(\[[^]]*\])?==([^ ;]+)")
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def committed() -> list[Path]:
    """The files of the repository: all but what .gitignore names, and git's own."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        found += [Path(folder) / name for name in files if not any(fnmatch(name, pattern) for pattern in ignored)]
    return found


def locked() -> dict[str, int]:
    """Package -> how many hashes the lock has for it."""
    hashes: dict[str, int] = {}
    package = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if match := PACKAGE.match(line):
            package = match.group(1)
            hashes[package] = 0
        hashes_here = line.count("--hash=sha256:")
        if hashes_here:
            hashes[package] += hashes_here
    return hashes


def normal(name: str) -> str:
    """A package's name as the lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_locked_package_has_hashes():
    packages = locked()
    assert len(packages) > 50
    assert [name for name, count in packages.items() if count == 0] == []


def test_everything_that_is_asked_for_is_locked():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    asked = {normal(NAME.match(line).group()) for group in groups.values() for line in group if isinstance(line, str)}
    assert asked - set(locked()) == set(), "run `make lock`"


def test_the_lock_names_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "index-url" not in lock


def test_no_lock_with_download_addresses_is_committed():
    assert [str(file.relative_to(ROOT)) for file in committed() if file.name in FOREIGN_LOCKS] == []
    for file in committed():
        if file.name == "package-lock.json":  # npm leaves the addresses out when it is told to (tests/clients/javascript)
            assert not re.search(r'"resolved"|https?://', file.read_text()), f"{file} records download addresses"


def test_no_package_registry_is_named():
    found = []
    for file in committed():
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        if REGISTRIES.search(text):
            found.append(str(file.relative_to(ROOT)))
    assert found == []


def makefile() -> dict[str, tuple[str, list[str]]]:
    """Target -> (its description, the lines of its recipe)."""
    targets: dict[str, tuple[str, list[str]]] = {}
    target = ""
    for line in (ROOT / "Makefile").read_text().splitlines():
        if line.startswith("\t"):
            targets[target][1].append(line)
        elif match := re.match(r"([a-z-]+):(?! export)[^=]*?(?:## (.*))?$", line):
            target = match.group(1)
            targets[target] = (match.group(2) or "", [])
    return targets


def test_every_target_of_the_makefile_is_described_and_one_line_long():
    targets = makefile()
    assert {"setup", "demo", "up", "test", "lint", "docs", "clean"} <= set(targets)
    for name, (description, recipe) in targets.items():
        assert description, f"make {name} has no description"
        assert len(recipe) == 1, f"make {name} is not one line"


def test_continuous_integration_runs_the_same_targets_as_people():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make lint", "make test"]


def test_the_licence_is_named_by_its_identifier():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "SPDX-License-Identifier: Apache-2.0" in (ROOT / "LICENSE").read_text()
