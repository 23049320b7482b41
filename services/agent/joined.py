"""What `join` writes down and the agent starts from: who it is and where the bus is, in its data folder."""

import json
from pathlib import Path
from typing import Any

from libs.runtime.credentials import write_secret

#: The file in the data folder, and the settings that it may hold.
FILE = "joined.json"
HELD = ("sn", "tenant", "shard", "region", "nats_url")


def read_joined(folder: Path) -> dict[str, Any]:
    """What was written down in a data folder; empty: nothing, or nothing that can be read."""
    try:
        said = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return {name: said[name] for name in HELD if name in said} if isinstance(said, dict) else {}


def write_joined(folder: Path, **held: str | int) -> None:
    """Write it down, whole or not at all."""
    write_secret(folder / FILE, json.dumps(held, indent=2) + "\n")
