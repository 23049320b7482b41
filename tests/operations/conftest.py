"""`@pytest.mark.long`: what of docs/operations.md takes longer than `make test` can wait; `--operations` runs it."""

from tests.operations.office import office

__all__ = ["office"]


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes longer than `make test` can wait")


def pytest_collection_modifyitems(config, items):
    """Without `--operations` only the short form stays."""
    if config.getoption("--operations"):
        return
    long = {item for item in items if item.get_closest_marker("long") and item.path.is_relative_to(__file__.rpartition("/")[0])}
    config.hook.pytest_deselected(items=list(long))
    items[:] = [item for item in items if item not in long]
