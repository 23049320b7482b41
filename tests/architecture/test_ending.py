"""Who waits for a task that it canceled does so with `libs.runtime.ending.end`: one cancellation may be lost (Python 3.11)."""

import ast
import itertools
from collections.abc import Iterator, Sequence

from tests.architecture.source import Module, modules

#: It may not import libs.runtime; its own tasks wait for nothing but a stream.
BELOW = "libs/ipp"


def test_nobody_cancels_once_and_waits_for_ever():
    found = [place for module in modules("libs", "services", "tests") for place in _once(module)]
    assert found == [], "use `await end(task)` of libs/runtime/ending.py"


def _once(module: Module) -> Iterator[str]:
    if str(module.path).startswith(BELOW) or ".cancel()" not in module.text:
        return
    for node in ast.walk(module.tree):
        for body in (getattr(node, "body", None), getattr(node, "finalbody", None)):
            if isinstance(body, list):
                yield from _in(module, body)


def _in(module: Module, body: Sequence[ast.stmt]) -> Iterator[str]:
    for canceling, waiting in itertools.pairwise(body):
        if ".cancel()" in ast.unparse(canceling) and ast.unparse(waiting).startswith("await asyncio.gather("):
            yield f"{module.path}:{waiting.lineno}"
