"""Tasks that print nothing, each way through everything: how they are told from those of clients (docs/adr/0061-canaries.md)."""

from libs.contracts.ids import device_id

#: In the place of a client's serial number; no client can have it, as those are letters and digits.
SN = "_canary_"
#: What sentences call the printer. It is at every agent, and reported by none, so that no list has it.
NAME = "canary"


def printer(agent: str) -> str:
    """The device id of an agent's printer that prints nothing; the name that it is derived from is none that a device can have."""
    return device_id(agent, f"\0{NAME}")


def of_task(task: str) -> bool:
    """Whether a task has this id only to test the way."""
    return task.startswith(f"{SN}-")
