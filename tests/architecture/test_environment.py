"""The environment is read by settings classes and by nothing else."""

import ast

from tests.architecture.source import imports, modules, within

READS = ("os.environ", "os.environb", "os.getenv", "os.getenvb")
SETTINGS = "libs/runtime/settings.py"


def test_only_the_settings_read_the_environment():
    found = []
    for module in modules("libs", "services", "demo"):
        if str(module.path) == SETTINGS or module.path.parts[0] == "demo":
            continue
        found += [
            f"{module.path}:{node.lineno} reads {ast.unparse(node)}"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in READS
        ]
        found += [f"{module.path}:{line} imports {name}" for name, line in imports(module) if name in READS]
    assert found == []


def test_settings_classes_stand_in_settings_modules():
    found = [
        f"{module.path}:{line} imports {name}"
        for module in modules()
        for name, line in imports(module)
        if within(name, "pydantic_settings") and module.path.name != "settings.py"
    ]
    assert found == []
