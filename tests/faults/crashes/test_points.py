"""Every crash point is fired by a row of the catalogue."""

from pathlib import Path

import pytest

from docs.generator.crashpoints import points, sources
from tests.faults.crashes.points import CHAINED, CHAINS, FIRED

HERE = Path(__file__).parent
NAMES = [point.name for source in sources() for point in points(source)]
#: Files that take their points from a service's tuple, or from the table of chains.
BY_TUPLE = {
    "test_row_07_dispatcher_after_the_200.py": "TELLING",
    "test_row_08_subscriptions.py": "SUBSCRIBING",
    CHAINED: "CHAINS",
}


def test_no_point_is_forgotten_and_none_is_made_up():
    assert set(FIRED) == set(NAMES)
    chained = {point.partition(":")[0] for chain in CHAINS for point in chain}
    assert chained <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_row_that_fires_a_point_names_it(name):
    text = (HERE / FIRED[name]).read_text()
    assert f'"{name}' in text or BY_TUPLE.get(FIRED[name], "\0") in text, f"{FIRED[name]} does not fire {name}"
