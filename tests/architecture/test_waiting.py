"""Tests wait for states, not for times, and show what they assert (house-style.md section 1, CONTRIBUTING.md "Tests")."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import Module, modules

#: Where waiting itself is written, and where commands of a page wait as their reader does.
WAITING = ("tests/waiting.py", "tests/operations/")
#: Where seconds are what is measured.
MEASURING = ("tests/faults/", "tests/regions/")
#: Helpers that assert have one of these words in their names.
WORDS = {"check", "expect", "fail", "judged", "raises", "until"}
CLOCKS = ("monotonic()", "perf_counter()", "loop().time()")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_test_sleeps():
    found = [place for module in modules("tests") if not str(module.path).startswith(WAITING) for place in _sleeps(module)]
    assert found == [], (
        "wait for a state (until), set the clock ahead (Leap) or let others have their turns (turns), all in tests/waiting.py; "
        "what a fake does has a function of its own, and a comment on the line that says whose pace it is"
    )


def test_no_test_is_over_by_a_number_of_seconds():
    found = [
        f"{module.path}:{node.lineno}"
        for module in modules("tests")
        if not str(module.path).startswith(MEASURING) and any(clock in module.text for clock in CLOCKS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assert) and _is_limit(node.test)
    ]
    assert found == [], "a busy machine breaks it: assert the cause, or end what hangs by a generous asyncio.timeout"


def test_every_test_shows_what_it_asserts():
    found = [
        f"{module.path}:{node.lineno}"
        for module in modules("tests")
        if not str(module.path).startswith(WAITING)
        for node in module.tree.body
        if isinstance(node, Function) and node.name.startswith("test_") and not any(map(_asserts, ast.walk(node)))
    ]
    assert found == [], f"nothing that it asserts can be seen; a helper that does is named with one of {sorted(WORDS)}"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("await asyncio.sleep(0.1)  # whose pace it is", ["tests/x.py:2"]),
        ("time.sleep(pause)", ["tests/x.py:2"]),
        ("await asyncio.sleep(0)", []),
        ("async def drip():\n        await asyncio.sleep(0.1)", ["tests/x.py:3"]),
        ("async def drip():\n        await asyncio.sleep(0.1)  # the pace of its bytes", []),
    ],
)
def test_a_sleep_would_be_noticed(body, found):
    text = f"async def test_x():\n    {body}\n"
    assert list(_sleeps(Module(Path("tests/x.py"), "tests.x", text, ast.parse(text)))) == found


@pytest.mark.parametrize(
    ("written", "noticed"),
    [
        ("time.monotonic() - begun < 5", True),
        ("time.perf_counter() - begun <= limit", True),
        ("time.monotonic() - begun >= 0.5", False),
        ("time.process_time() - begun < 1", False),
    ],
)
def test_a_limit_in_seconds_would_be_noticed(written, noticed):
    assert _is_limit(ast.parse(written, mode="eval").body) is noticed


@pytest.mark.parametrize(
    ("body", "shown"),
    [("assert x", True), ("await until(x)", True), ("check_paper(x)", True), ("raise AssertionError", True), ("x.post(1)", False)],
)
def test_a_test_that_shows_nothing_would_be_noticed(body, shown):
    assert any(map(_asserts, ast.walk(ast.parse(f"async def test_x():\n    {body}\n")))) is shown


def _sleeps(module: Module) -> Iterator[str]:
    if "sleep(" not in module.text:
        return
    lines = module.text.splitlines()
    for function in (node for node in ast.walk(module.tree) if isinstance(node, Function)):
        for node in _own(function):
            if isinstance(node, ast.Call) and _called(node) == "sleep" and not _is_zero(node):
                said = "  # " in lines[(node.end_lineno or node.lineno) - 1]
                if function.name.startswith("test_") or not said:
                    yield f"{module.path}:{node.lineno}"


def _own(function: Function) -> Iterator[ast.AST]:
    """What stands in a function, without the functions in it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function):
            waiting += ast.iter_child_nodes(node)


def _is_zero(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(seconds := call.args[0], ast.Constant) and seconds.value == 0


def _is_limit(test: ast.expr) -> bool:
    """`time.monotonic() - begun < 5`: a time that must be over sooner."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.BinOp):
        return False
    written = ast.unparse(test.left)
    return any(isinstance(each, ast.Lt | ast.LtE) for each in test.ops) and any(clock in written for clock in CLOCKS)


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise):
        return node.exc is not None and "AssertionError" in ast.unparse(node.exc)
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and not WORDS.isdisjoint(_called(node).split("_")))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
