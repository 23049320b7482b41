"""How ids are made: derived from what they name, so that the same fact has the same id wherever it is made."""

import base64
import hashlib

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH_MS = 1_420_070_400_000  # 2015-01-01T00:00:00Z, webprinter.md 1.8


def base36(number: int, width: int) -> str:
    """`number` in lower-case base 36, padded with zeros to `width` digits."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits.rjust(width, "0")


def task_id(sn: str, at_ms: int, worker: int, sequence: int) -> str:
    """`<sn>-<12 base36 digits>` of a snowflake: milliseconds since 2015, 10 bits of worker, 12 of sequence (webprinter.md 1.8)."""
    return f"{sn}-{base36((at_ms - _EPOCH_MS) << 22 | (worker & 0x3FF) << 12 | (sequence & 0xFFF), 12)}"


def device_id(agent: str, name: str) -> str:
    """A subject token for the device `name` of the agent with this SN: twelve lower-case letters and digits."""
    digest = hashlib.sha256(f"{agent}/{name}".encode()).digest()
    return base64.b32encode(digest[:8]).decode().rstrip("=").lower()[:12]


def token_digest(token: str) -> str:
    """What is stored and looked up in the place of a token: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def job_name(task: str, attempt: int) -> str:
    """The name under which an attempt stands in the journal and in the printer's own job list (design.md rule 5)."""
    return f"{task}.{attempt}"
