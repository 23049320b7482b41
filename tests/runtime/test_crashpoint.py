"""A named point kills its process, the n-th time it is passed."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from libs.runtime.crashpoint import arm, crashpoint
arm(sys.argv[1])
for number in range(5):
    crashpoint("other-point")
    crashpoint("here")
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("spec", "passed", "code"),
    [("here", 0, -signal.SIGKILL), ("here:3", 2, -signal.SIGKILL), ("", 5, 0), ("elsewhere", 5, 0), ("here:9", 5, 0)],
)
def test_the_process_dies_where_it_was_told_to(spec, passed, code):
    done = subprocess.run([sys.executable, "-c", PROGRAM, spec], capture_output=True, check=False, timeout=30)
    assert (done.stdout.split(), done.returncode) == ([b"%d" % number for number in range(passed)], code)
