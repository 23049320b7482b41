"""How accepting and listing grow with what is stored."""

from bench.measure import Measure
from bench.stored import GROWTH, take

MEASURE = Measure(
    number=GROWTH,
    title="accept and listTasks with 1,000 to 1,000,000 stored tasks",
    against="itself",
    expected=180,
    take=take,
    limit=2400,
)
