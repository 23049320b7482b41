"""How busy this machine is with other things: bounds of time in rows of faults that share it with other work."""

import os
import subprocess
import sys
import time

#: What a start of a program and its end take besides its work on a machine that has nothing else to do, as a share of it.
_USUAL = 1.5


def times() -> float:
    """How many times longer than usual a program has to wait for its turns here; 1.0 on a quiet machine."""
    began, before = time.monotonic(), os.times()
    subprocess.run([sys.executable, "-c", "sum(range(5_000_000))"], check=True)
    after = os.times()
    worked = after.children_user - before.children_user + after.children_system - before.children_system
    return max(1.0, (time.monotonic() - began) / worked / _USUAL)
