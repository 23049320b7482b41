"""The measures, one module each: its `MEASURE` says what it is and what takes it."""

import importlib
import pkgutil

from bench.measure import Measure


def all_measures() -> dict[str, Measure]:
    """Every measure by its number, in the order of the table."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found: list[Measure] = [module.MEASURE for module in modules]
    return {each.number: each for each in sorted(found, key=_place)}


def _place(measure: Measure) -> tuple[bool, int, str]:
    digits = measure.number.removeprefix("P")
    return not digits.isdigit(), int(digits) if digits.isdigit() else 0, measure.number
