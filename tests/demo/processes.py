"""What runs on this machine, for tests of what must not."""

from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process exists and is not just waiting to be forgotten by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def command_lines(part: str) -> list[str]:
    """The command lines of all processes in which this text occurs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue  # it has just ended
        if part in line:
            found.append(line)
    return found
