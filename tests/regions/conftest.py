"""`@pytest.mark.long`: a test of regions that only `make test-regions` runs."""


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes longer than `make test` can wait; `make test-regions` runs it")


def pytest_collection_modifyitems(config, items):
    """Without `--regions` only the short form stays."""
    if config.getoption("--regions"):
        return
    long = {item for item in items if item.get_closest_marker("long")}
    config.hook.pytest_deselected(items=list(long))
    items[:] = [item for item in items if item not in long]
