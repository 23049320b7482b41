"""A family's variants are the files that are there."""

import importlib
import sys

from structlog.testing import capture_logs

from libs.runtime.discovery import discover


def test_every_file_is_a_variant_and_one_that_lacks_its_library_is_left_out(tmp_path, monkeypatch):
    package = tmp_path / "family_of_tests"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "file.py").write_text("NAME = 'file'\n")
    (package / "cups.py").write_text("import a_library_that_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with capture_logs() as logs:
        found = discover(importlib.import_module("family_of_tests"))
    assert list(found) == ["file"]
    assert found["file"].NAME == "file"
    assert [(entry["variant"], entry["missing"]) for entry in logs] == [("cups", "a_library_that_nobody_has")]
    for name in [name for name in sys.modules if name.startswith("family_of_tests")]:
        del sys.modules[name]
