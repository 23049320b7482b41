"""How ids are made: derived from what they name, so that the same fact has the same id wherever it is made."""

import base64
import hashlib
import re
import uuid

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH_MS = 1_420_070_400_000  # 2015-01-01T00:00:00Z, webprinter.md 1.8
_TIME = (1 << 41) - 1
#: Names of ours as GUIDs are made in this name space (RFC 9562 section 5.5).
_OURS = uuid.UUID("6f1d2c1e-5a0b-5c57-9a3e-0d1f7f3b9c11")


def base36(number: int, width: int) -> str:
    """`number`, which is not negative, in lower-case base 36, padded with zeros to `width` digits."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits.rjust(width, "0")


def task_id(sn: str, at_ms: int, worker: int, sequence: int) -> str:
    """`<sn>-<12 base36 digits>` of a snowflake: milliseconds since 2015, 10 bits of worker, 12 of sequence (webprinter.md 1.8).

    Time has 41 bits, so that a machine whose clock begins in 1970 makes ids, too: each once, though not in their order.
    """
    return f"{sn}-{base36((at_ms - _EPOCH_MS & _TIME) << 22 | (worker & 0x3FF) << 12 | (sequence & 0xFFF), 12)}"


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


def guid(kind: str, *names: str) -> str:
    """A GUID for something that has a name of ours, as Graph's programs want them: `guid("printer", agent, device)`.

    Kinds in use: `tenant` (its id), `application` and `client` (SN), `printer` (agent's SN, device id), `document` (task, leg),
    `hook` (task, leg, trigger).
    """
    return str(uuid.uuid5(_OURS, "/".join((kind, *names))))


def tenant_guid(tenant: str) -> str:
    """A tenant as `tid` and `tenantId` name it: its id where that is a GUID already."""
    try:
        return str(uuid.UUID(tenant))
    except ValueError:
        return guid("tenant", tenant)


def job_id(task: str, leg: int) -> str:
    """A leg of a task as Graph's job: the task's id, and from the second leg on `<task>.<leg>` (design.md rule 12)."""
    return task if leg <= 1 else f"{task}.{leg}"


def job_of(job: str) -> tuple[str, int]:
    """The task and the leg of a job id; of what is no job id, a task that there is none of."""
    task, dot, leg = job.partition(".")
    return (task, int(leg)) if dot and re.fullmatch("[1-9][0-9]{0,3}", leg) else (job, 1)
