"""There is one version."""

import tomllib
from pathlib import Path

from libs.contracts.version import VERSION


def test_the_version_is_the_projects():
    manifest = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(manifest.read_text())["project"]["version"] == VERSION
