"""How the event loop shares the interpreter with the threads below it."""

import sys

#: Seconds after which whoever holds the interpreter gives it to a thread that waits for it. A database's thread has its answer
#: within a fraction of Python's own 5 ms, and a transaction is a dozen of them.
SWITCH = 0.0005


def share() -> None:
    """Let threads have their turn soon: for a process that serves."""
    sys.setswitchinterval(SWITCH)
