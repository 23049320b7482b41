"""printer-state-reasons (RFC 8011 section 5.4.12, PWG 5100.9) for people, and which of them keep a printer from going on."""

from collections.abc import Sequence
from dataclasses import replace

from libs.contracts.devices import PrinterState
from libs.ipp.attributes import Attributes
from services.agent.drivers import Seen
from services.agent.ipp.capabilities import words

#: What stops a printer, the most telling first, and what it means in a sentence.
STOPPING = {
    "media-jam": "paper is jammed",
    "cover-open": "a cover is open",
    "door-open": "a door is open",
    "interlock-open": "an interlock is open",
    "media-empty": "no paper",
    "input-tray-missing": "a paper tray is missing",
    "input-media-supply-empty": "no paper",
    "media-needed": "it needs paper",
    "output-area-full": "its output tray is full",
    "output-tray-missing": "an output tray is missing",
    "marker-supply-empty": "no ink or toner",
    "toner-empty": "no toner",
    "developer-empty": "no developer",
    "marker-waste-full": "its waste container is full",
    "opc-life-over": "its drum is worn out",
    "fuser-over-temp": "its fuser is too hot",
    "fuser-under-temp": "its fuser is too cold",
    "spool-area-full": "its memory is full",
    "offline": "it is offline",
    "connecting-to-device": "it does not answer",
    "timed-out": "it does not answer",
    "shutdown": "it is switched off",
    "paused": "it is paused",
    "moving-to-paused": "it is being paused",
    "stopping": "it is stopping",
    "hold-new-jobs": "it holds new jobs",
    "media-path-jam": "paper is jammed",
    "resources-are-not-ready": "its device did not take the job, which is tried again",
}
#: Ours: the printer answers, and what it answers is no IPP.
NONSENSE = "answers-not-understood"
_SUFFIXES = ("-error", "-warning", "-report")
_REQUESTED = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs")
STATE_ATTRIBUTES = (*_REQUESTED, "printer-config-change-time", "printer-up-time")
_STATES = {3: PrinterState.IDLE, 4: PrinterState.PROCESSING, 5: PrinterState.STOPPED}


def plain(reason: str) -> str:
    """A reason without its severity: CUPS rewrites severities, so that only what is before them can be trusted."""
    for suffix in _SUFFIXES:
        reason = reason.removesuffix(suffix)
    return reason


def read_state(said: Attributes, before: Seen) -> Seen:
    """A printer's state as it says now, with the capabilities that were known before."""
    accepting = said.boolean("printer-is-accepting-jobs")
    return Seen(
        state=_STATES.get(said.integer("printer-state") or 0, PrinterState.IDLE),
        reasons=tuple(reason for reason in words(said.strings("printer-state-reasons")) if reason != "none"),
        accepting=accepting is not False,
        system_default=before.system_default,
        capabilities=before.capabilities,
        rated=before.rated,
    )


def unreachable(before: Seen) -> Seen:
    """A printer that does not answer now."""
    return replace(before, state=PrinterState.UNREACHABLE, reasons=("connecting-to-device",))


def quarantined(before: Seen) -> Seen:
    """A printer whose answers make no sense."""
    return replace(before, state=PrinterState.UNREACHABLE, reasons=(NONSENSE,))


def stopping(seen: Seen) -> str | None:
    """The reason for which a printer does not go on, or None. A stopped one that says nothing is `paused`."""
    said = [plain(reason) for reason in seen.reasons if not reason.endswith("-report")]
    for reason in STOPPING:
        if reason in said:
            return reason
    if seen.state is PrinterState.STOPPED:
        return said[0] if said else "paused"
    return None


def sentence(printer: str, reason: str) -> str:
    """What a person should know, as `The printer Office waits: no paper (media-empty).`"""
    return f"The printer {printer} waits: {STOPPING.get(plain(reason), 'something is the matter')} ({reason})."


def among(reasons: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first of `wanted` that is among `reasons`."""
    return next((reason for reason in wanted if reason in reasons), None)
