"""P3: the same batch on paper."""

from bench.batches import ON_PAPER, ON_PRINTER, take
from bench.measure import Measure, at_least

MEASURE = Measure(
    number="P3",
    title="the same batch on paper: file driver, and one ippeveprinter",
    against="a loop of lp: its accepted rate, and its delivered rate through an everywhere queue",
    expected=390,
    take=take,
    goals=(at_least(ON_PAPER, 2.5), at_least(ON_PRINTER, 50)),
)
