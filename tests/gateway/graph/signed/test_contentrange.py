"""`Content-Range` as programs write it, and as they should not."""

import time

import pytest

from services.gateway.graph.problem import Problem
from services.gateway.graph.signed.contentrange import span_of


@pytest.mark.parametrize("header", ["bytes 0-9/100", "bytes=0-9/100", " BYTES  0 - 9 / 100 ", "bytes = 0-9/*", "bytes\t0-9/0100"])
def test_a_range_is_read_however_it_is_written(header):
    assert span_of(header, 100) == (0, 9)


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes0-9/100", "bytes 0-9", "bytes -1-9/100", "bytes */100", "items 0-9/100", "bytes 0-9/100, 10-19/100"),
        *("bytes 0x0-0x9/100", f"bytes 0-{'9' * 19}/100", f"bytes 0-9/{'9' * 19}", "bytes 0-9/101", "bytes ٠-٩/١٠٠"),
    ],
)
def test_what_is_no_range_of_the_document_is_refused(header):
    with pytest.raises(Problem) as refused:
        span_of(header, 100)
    assert refused.value.status == 400


@pytest.mark.parametrize("header", ["bytes 9-0/100", "bytes 90-100/100", "bytes 100-109/100", f"bytes 0-{'9' * 18}/100"])
def test_a_range_outside_of_the_document_is_not_satisfiable(header):
    with pytest.raises(Problem) as refused:
        span_of(header, 100)
    assert (refused.value.status, refused.value.headers["Content-Range"]) == (416, "bytes */100")


def test_a_long_header_takes_as_long_as_it_is():
    begun = time.process_time()
    for filling in (" " * 60_000, " = " * 20_000, "0" * 60_000, "0 - " * 15_000):
        with pytest.raises(Problem):
            span_of(f"bytes{filling}x", 100)
    assert time.process_time() - begun < 1
