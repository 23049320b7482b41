"""One entry of PRINTERS, taken apart: where the printer is, and what we want to know about it ourselves."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from libs.contracts.devices import PartialPolicy, Receipt, ResumePolicy, UnknownPolicy
from services.agent.receipts import PARAMETERS, receipt, yes

#: Query parameters that are ours; all others are part of the printer's own address.
OURS = frozenset({"name", "unknown", "resume", "partial", "format", "verify", "grace", "raw", *PARAMETERS})
P = TypeVar("P", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class PrinterUri:
    """`uri` is the address without our own parameters. `grace` and `stall` in seconds; `format` is a type that the device takes.

    `untouched`: whether the device is to be given bytes as they are (`raw=true`); None: as it is usual for its kind.
    """

    uri: str
    scheme: str
    host: str
    port: int | None
    path: str
    name: str
    unknown: UnknownPolicy
    format: str = "application/pdf"
    verify: bool = True
    grace: float = 3.0
    raw: str = field(default="", repr=False)
    untouched: bool | None = None
    receipt: Receipt | None = None
    stall: float = 600.0
    resume: ResumePolicy = ResumePolicy.ALL
    partial: PartialPolicy = PartialPolicy.GIVE_UP


def parse(
    raw: str,
    *,
    unknown: UnknownPolicy = UnknownPolicy.ASK,
    grace: float = 3.0,
    resume: ResumePolicy = ResumePolicy.ALL,
    partial: PartialPolicy = PartialPolicy.GIVE_UP,
) -> PrinterUri:
    """An entry of PRINTERS; the keywords are what holds when it says nothing. Raises ValueError with what to write instead."""
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{_shown(raw)} is not an address ({error}); write for example ipp://printer.example/ipp/print") from None
    given = parse_qsl(parts.query, keep_blank_values=True)
    ours = {key: value for key, value in given if key in OURS}
    theirs = urlencode([(key, value) for key, value in given if key not in OURS], safe="/:")
    path = unquote(parts.path)
    shown = _shown(raw)
    if "raster" in ours and ("format" in ours or yes("raw", ours, shown) is False):
        wrong = "format" if "format" in ours else "raw"
        raise ValueError(f"{wrong}={ours[wrong]} in {shown}: leave it out, a receipt printer takes what raster=escpos makes")
    return PrinterUri(
        uri=urlunsplit((parts.scheme, parts.netloc, parts.path, theirs, "")),
        scheme=parts.scheme.lower(),
        host=parts.hostname or "",
        port=port,
        path=path,
        name=ours.get("name", "").strip() or path.rstrip("/").rpartition("/")[2] or parts.hostname or "",
        unknown=_policy(UnknownPolicy, "unknown", ours.get("unknown", unknown), raw),
        format=ours.get("format", "application/pdf"),
        verify=yes("verify", ours, shown) is not False,
        grace=_seconds(ours.get("grace", str(grace)), raw),
        raw=raw,
        untouched=yes("raw", ours, shown),
        receipt=receipt(ours, shown),
        resume=_policy(ResumePolicy, "resume", ours.get("resume", resume), raw),
        partial=_policy(PartialPolicy, "partial", ours.get("partial", partial), raw),
    )


def _policy(kind: type[P], name: str, text: str, raw: str) -> P:
    try:
        return kind(text)
    except ValueError:
        *others, last = (f"{name}={each.value}" for each in kind)
        raise ValueError(f"{name}={text} in {_shown(raw)}: write {', '.join(others)} or {last}") from None


def _seconds(text: str, raw: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86400:
        raise ValueError(f"grace={text} in {_shown(raw)}: write a number of seconds, as grace=3")
    return seconds


def _shown(raw: str) -> str:
    """An address without the user and password that may be in it."""
    head, mark, tail = raw.partition("://")
    authority, slash, path = tail.partition("/")
    return f"{head}{mark}{authority.rpartition('@')[2]}{slash}{path}"[:200]
