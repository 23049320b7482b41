"""The source tree as data: every module of libs and services with its syntax tree, read once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gateway", "registry", "spooler", "converter", "agent", "webhooks")
#: Folders of services/ that are no service, but around all of them.
BESIDE = ("backup", "cli", "doctor", "embedded")


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its place (relative to the root), its dotted name, its text and its tree."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def service(self) -> str:
        """The service that it belongs to, or nothing."""
        parts = self.path.parts
        return parts[1] if parts[0] == "services" and len(parts) > 2 and parts[1] not in BESIDE else ""


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file below `folders` (by default libs and services)."""
    found = []
    for folder in folders or ("libs", "services"):
        found += [_module(file) for file in sorted((ROOT / folder).rglob("*.py"))]
    return tuple(found)


@cache
def _module(file: Path) -> Module:
    path = file.relative_to(ROOT)
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    text = file.read_text()
    return Module(path, name, text, ast.parse(text))


def present_services() -> list[Path]:
    """The folders of services, without those that only hold caches."""
    return sorted({ROOT / "services" / module.service for module in modules("services") if module.service})


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Every module that `module` imports, anywhere in it, with the line; `from a import b` counts as `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def strings(module: Module) -> Iterator[tuple[str, int]]:
    """Every string constant with its line; of an f-string, its parts."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def within(name: str, *packages: str) -> bool:
    """Whether the dotted name is one of the packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
