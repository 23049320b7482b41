"""Finding the variants of a family: every module of a package, by its file name (design.md section 5)."""

import importlib
import pkgutil
from types import ModuleType

import structlog

log = structlog.get_logger()


def discover(package: ModuleType) -> dict[str, ModuleType]:
    """The modules of `package` by name; one whose optional library is absent is reported and left out."""
    found: dict[str, ModuleType] = {}
    for module in pkgutil.iter_modules(package.__path__):
        try:
            found[module.name] = importlib.import_module(f"{package.__name__}.{module.name}")
        except ImportError as error:
            log.warning("variant skipped", family=package.__name__, variant=module.name, missing=error.name)
    return found
