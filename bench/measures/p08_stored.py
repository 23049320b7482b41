"""P8: accepting and listing with 1,000,000 tasks stored and 10,000 printers."""

from bench.measure import Measure, at_most
from bench.stored import ACCEPT_GOAL, LIST_GOAL, P8, take

MEASURE = Measure(
    number=P8,
    title="accept p99 and listTasks p99 with 1,000,000 tasks stored, 10,000 printers",
    against="with 1,000 tasks, 10 printers",
    expected=180,
    take=take,
    goals=(at_most(ACCEPT_GOAL, 1.3), at_most(LIST_GOAL, 1.3)),
    limit=2400,
)
