"""What an examination found: well or not, one sentence, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: `bad` keeps something from working, `poor` will one day, or loses what it promises in a fault."""

    WELL = "well"
    POOR = "poor"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One look at one thing; `todo` is empty where all is well."""

    what: str
    level: Level
    says: str
    todo: str = ""


def well(what: str, says: str) -> Finding:
    """All is well."""
    return Finding(what, Level.WELL, says)


def poor(what: str, says: str, todo: str) -> Finding:
    """It works, and should be mended."""
    return Finding(what, Level.POOR, says, todo)


def bad(what: str, says: str, todo: str) -> Finding:
    """It does not work."""
    return Finding(what, Level.BAD, says, todo)
