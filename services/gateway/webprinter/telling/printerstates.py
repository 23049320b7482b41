"""What a device's state and its reasons mean in the words of the extended view (webprinter.md 3.2)."""

from libs.contracts.devices import Device, PrinterState

#: printer-state-reasons (RFC 8011 section 5.4.12 and PWG 5100.9) without their severity -> the word to show.
WORDS = {
    "paused": "PAUSED",
    "moving-to-paused": "PAUSED",
    "shutdown": "OFFLINE",
    "offline": "OFFLINE",
    "timed-out": "OFFLINE",
    "connecting-to-device": "BUSY",
    "spool-area-full": "OUT_OF_MEMORY",
    "memory-exhausted": "OUT_OF_MEMORY",
    "media-jam": "PAPER_JAM",
    "media-empty": "PAPER_OUT",
    "media-needed": "PAPER_OUT",
    "media-low": "PAPER_PROBLEM",
    "media-path-media-size-mismatch": "PAPER_PROBLEM",
    "input-tray-missing": "PAPER_PROBLEM",
    "input-manual-input-request": "MANUAL_FEED",
    "output-tray-missing": "USER_INTERVENTION",
    "output-area-full": "OUTPUT_BIN_FULL",
    "output-area-almost-full": "OUTPUT_BIN_FULL",
    "toner-low": "TONER_LOW",
    "marker-supply-low": "TONER_LOW",
    "developer-low": "TONER_LOW",
    "toner-empty": "NO_TONER",
    "marker-supply-empty": "NO_TONER",
    "marker-supply-missing": "NO_TONER",
    "developer-empty": "NO_TONER",
    "marker-waste-full": "USER_INTERVENTION",
    "marker-waste-almost-full": "USER_INTERVENTION",
    "cover-open": "DOOR_OPEN",
    "door-open": "DOOR_OPEN",
    "interlock-open": "DOOR_OPEN",
    "fuser-under-temp": "WARMING_UP",
    "marker-fuser-warming-up": "WARMING_UP",
    "warming-up": "WARMING_UP",
    "power-down": "POWER_SAVE",
    "standby": "POWER_SAVE",
    "hibernate": "POWER_SAVE",
    "other": "UNKNOWN",
}
_SEVERITIES = ("-error", "-warning", "-report")


def states(device: Device, *, online: bool, paused: bool) -> list[str]:
    """All that is so, each once; `OK` alone when there is nothing to say. Working is no fault."""
    found = [] if online else ["OFFLINE"]
    if device.state is PrinterState.UNREACHABLE or not device.accepting:
        found.append("NOT_AVAILABLE")
    if paused:
        found.append("PAUSED")
    found += [word for reason in device.reasons if (word := _word(reason))]
    if device.state is PrinterState.PROCESSING:
        found.append("PRINTING")
    if device.state is PrinterState.STOPPED and not found:
        found.append("ERROR")
    return list(dict.fromkeys(found)) or ["OK"]


def _word(reason: str) -> str:
    for severity in _SEVERITIES:
        reason = reason.removesuffix(severity)
    return "" if reason in ("none", "") else WORDS.get(reason, "UNKNOWN")
