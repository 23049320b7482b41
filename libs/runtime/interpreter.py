"""What Python's interpreter does beside the work of a process that serves: its threads' turns, its search for garbage."""

import gc
import sys

#: Seconds after which whoever holds the interpreter gives it to a thread that waits for it. A database's thread has its answer
#: within a fraction of Python's own 5 ms, and a transaction is a dozen of them.
SWITCH = 0.0005
#: New objects after which garbage is looked for among the young, by Python itself 700: as many as a few requests make that are
#: answered side by side, so that what is looked through is mostly still in use.
YOUNG = 10_000


def share() -> None:
    """Let threads have their turn soon: for a process that serves."""
    sys.setswitchinterval(SWITCH)


def settle() -> None:
    """What is there by now stays for ever: garbage is looked for among what comes from now on, and less often."""
    gc.freeze()
    gc.set_threshold(YOUNG)
