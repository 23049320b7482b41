"""Revisions are numbered by their files: a start looks at the file names alone to see whether there is anything to do."""

import importlib

import pytest

from tests.architecture.source import present_services


@pytest.mark.parametrize(
    "folder", [each for each in present_services() if (each / "migrations").exists()], ids=lambda each: each.name
)
def test_a_revision_is_the_number_of_its_file_and_follows_the_one_before(folder):
    before = None
    for path in sorted((folder / "migrations").glob("[0-9]*_*.py")):
        module = importlib.import_module(f"services.{folder.name}.migrations.{path.stem}")
        assert (module.revision, module.down_revision) == (path.stem.partition("_")[0], before)
        before = module.revision
