"""The shape of the tree: what a folder must have, what nothing may be called, how large a thing may grow."""

import ast
import tomllib

import pytest

from tests.architecture.source import ROOT, SERVICES, modules, present_services

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGEST_MAIN = 10
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "core"}


@pytest.mark.parametrize("folder", present_services(), ids=lambda folder: folder.name)
def test_a_service_has_the_four_files_and_a_start(folder):
    wanted = {"__init__.py", "__main__.py", "app.py", "settings.py", "domain.py", "handlers.py"}
    if folder.name == "gateway":
        wanted.remove("handlers.py")  # its handlers are routes, and stand in a folder per door
    present = {path.name for path in folder.iterdir()}
    if (folder / "domain" / "__init__.py").exists():
        present.add("domain.py")
    assert wanted <= present, f"services/{folder.name} lacks {', '.join(sorted(wanted - present))}"


def test_every_folder_of_services_is_a_known_service():
    assert {folder.name for folder in present_services()} <= set(SERVICES)


def test_a_service_has_a_dependency_group_of_its_name():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert set(SERVICES) <= set(groups)
    for name in SERVICES:
        assert {"include-group": "libs"} in groups[name], f"the group {name} does not include libs"
        assert {"include-group": name} in groups["embedded"], f"the group embedded does not include {name}"


def test_the_start_of_a_service_only_calls_what_is_written_elsewhere():
    for module in modules("services"):
        if module.path.name == "__main__.py" and module.service:
            code = [line for line in module.text.splitlines() if line.strip()]
            assert len(code) <= LONGEST_MAIN, f"{module.path} has {len(code)} lines; write them in app.py"


def test_no_module_has_a_name_that_says_nothing():
    for module in modules():
        assert not EMPTY_NAMES & set(module.name.split(".")), f"{module.path}: name it for the noun that lives there"


def test_every_module_says_in_one_sentence_what_lives_in_it():
    silent = [str(module.path) for module in modules() if not ast.get_docstring(module.tree)]
    assert silent == []


def test_no_module_is_too_long():
    long = {str(module.path): module.lines for module in modules() if module.lines > LONGEST_MODULE}
    assert long == {}, "a second noun hides in each of these"


def test_no_function_is_too_long():
    long = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{module.path}:{node.lineno} {node.name}"] = lines
    assert long == {}
