"""P2: a batch of 10,000 TEXT tasks is accepted."""

from bench.batches import ACCEPTED, take
from bench.measure import Measure, at_least

MEASURE = Measure(
    number="P2",
    title="one newPrintTaskBatch of 10,000 TEXT tasks, accepted",
    against="a loop of lp to a local cupsd, 300 jobs",
    expected=390,
    take=take,
    goals=(at_least(ACCEPTED, 100),),
)
