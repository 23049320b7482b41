"""Who may import whom: the contracts of import-linter, and the lists of what is allowed that it cannot express."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, SERVICES, Module, imports, modules, within

OURS = ("libs", "services", "demo", "bench", "tests", "docs", "setup")


def foreign(module: Module, *allowed: str) -> list[str]:
    """The imports of `module` that are neither in the standard library nor below one of `allowed`."""
    return [
        f"{module.path}:{line} imports {name}"
        for name, line in imports(module)
        if name.split(".")[0] not in sys.stdlib_module_names and not within(name, *allowed)
    ]


def test_the_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_contracts_import_pydantic_and_the_standard_library():
    found = [line for module in modules("libs/contracts") for line in foreign(module, "libs.contracts", "pydantic")]
    assert found == []


def test_ipp_imports_nothing_of_ours():
    found = [
        f"{module.path}:{line} imports {name}"
        for module in modules("libs/ipp")
        for name, line in imports(module)
        if within(name, *OURS) and not within(name, "libs.ipp")
    ]
    assert found == []


def test_a_domain_imports_contracts_and_the_standard_library():
    """It may lean on modules beside it, as long as these keep to the same rule."""
    known = {module.name: module for module in modules("services")}
    waiting = [module for module in known.values() if within(module.name, f"services.{module.service}.domain")]
    seen: set[str] = set()
    found = []
    while waiting:
        module = waiting.pop()
        seen.add(module.name)
        beside = [name for name in known if within(name, f"services.{module.service}") and name != f"services.{module.service}"]
        found += foreign(module, "libs.contracts", *beside)
        used = {other for other in beside for name, _ in imports(module) if within(name, other)}
        waiting += [known[name] for name in used - seen]
    assert found == []


def test_only_what_runs_all_services_knows_more_than_one():
    for module in modules("services"):
        if not module.service:
            continue
        others = [f"services.{name}" for name in SERVICES if name != module.service]
        found = [f"{module.path}:{line} imports {name}" for name, line in imports(module) if within(name, *others)]
        assert found == []


def test_nobody_imports_a_services_start():
    found = [f"{module.path} imports {name}" for module in modules() for name, _ in imports(module) if "__main__" in name]
    assert found == []


def test_the_demo_is_a_client_like_any_other():
    if (ROOT / "demo").is_dir():
        found = [
            f"{module.path}:{line} imports {name}"
            for module in modules("demo")
            for name, line in imports(module)
            if within(name, "services")
        ]
        assert found == [], "the demo uses the command line and HTTP only"


def test_imports_are_absolute():
    for module in modules("libs", "services", "demo"):
        assert "\nfrom ." not in module.text, f"{module.path} has a relative import"
