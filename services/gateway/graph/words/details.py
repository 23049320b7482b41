"""printerProcessingStateDetail: 826 names, and which of them a printer-state-reason is (graph-print.md 2.17)."""

from collections.abc import Iterable, Iterator

from services.gateway.graph.words.enums import camel

_CORE = """
paused mediaJam mediaNeeded mediaLow mediaEmpty coverOpen interlockOpen outputTrayMissing outputAreaFull markerSupplyLow
markerSupplyEmpty inputTrayMissing outputAreaAlmostFull markerWasteAlmostFull markerWasteFull fuserOverTemp fuserUnderTemp other
none movingToPaused shutdown connectingToDevice timedOut stopping stoppedPartially tonerLow tonerEmpty spoolAreaFull doorOpen
opticalPhotoConductorNearEndOfLife opticalPhotoConductorLifeOver developerLow developerEmpty interpreterResourceUnavailable
unknownFutureValue
"""
_FAMILIES = """
bander binder dieCutter folder imprinter inserter makeEnvelope perforater puncher separationCutter sheetRotator slitter stacker
stapler stitcher trimmer wrapper
"""
_SUFFIXES = """
Added AlmostEmpty AlmostFull AtLimit Closed ConfigurationChange CoverClosed CoverOpen Empty Full InterlockClosed InterlockOpen Jam
LifeAlmostOver LifeOver MemoryExhausted Missing MotorFailure NearLimit Offline Opened OverTemperature PowerSaver RecoverableFailure
RecoverableStorage Removed ResourceAdded ResourceRemoved ThermistorFailure TimingFailure TurnedOff TurnedOn UnderTemperature
UnrecoverableFailure UnrecoverableStorageError WarmingUp
"""
#: What the others begin with (empty: nothing in common), and how they go on.
_OTHERS = {
    "": """
alertRemovalOfBinaryChangeEntry cameraFailure cleanerLifeAlmostOver cleanerLifeOver configurationChange deactivated deleted
fanFailure hibernate holdNewJobs identifyPrinterRequested interlockClosed materialEmpty materialLow materialNeeded mediaDrying
motorFailure powerDown powerUp printerManualReset printerNmsReset printerReadyToPrint resuming standby suspend testing unknown
""",
    "chamber": "Cooling Failure Heating TemperatureHigh TemperatureLow",
    "extruder": "Cooling Failure Heating Jam TemperatureHigh TemperatureLow",
    "faxModem": "LifeAlmostOver LifeOver Missing TurnedOff TurnedOn",
    "input": """
CannotFeedSizeSelected ManualInputRequest MediaColorChange MediaFormPartsChange MediaSizeChange MediaTrayFailure MediaTrayFeedError
MediaTrayJam MediaTypeChange MediaWeightChange PickRollerFailure PickRollerLifeOver PickRollerLifeWarn PickRollerMissing
TrayElevationFailure TrayPositionFailure
""",
    "interpreter": """
CartridgeAdded CartridgeDeleted ComplexPageEncountered MemoryDecrease MemoryIncrease ResourceAdded ResourceDeleted
""",
    "lamp": "AtEol Failure NearEol",
    "laser": "AtEol Failure NearEol",
    "marker": """
AdjustingPrintQuality CleanerMissing DeveloperAlmostEmpty DeveloperEmpty DeveloperMissing FuserMissing FuserThermistorFailure
FuserTimingFailure InkAlmostEmpty InkEmpty InkMissing OpcMissing PrintRibbonAlmostEmpty PrintRibbonEmpty PrintRibbonMissing
SupplyAlmostEmpty SupplyMissing TonerCartridgeMissing TonerMissing WasteInkReceptacleAlmostFull WasteInkReceptacleFull
WasteInkReceptacleMissing WasteMissing WasteTonerReceptacleAlmostFull WasteTonerReceptacleFull WasteTonerReceptacleMissing
""",
    "mediaPath": """
CannotDuplexMediaSelected Failure InputEmpty InputFeedError InputJam InputRequest Jam MediaTrayAlmostFull MediaTrayFull
MediaTrayMissing OutputFeedError OutputFull OutputJam PickRollerFailure PickRollerLifeOver PickRollerLifeWarn PickRollerMissing
""",
    "output": "MailboxSelectFailure MediaTrayFailure MediaTrayFeedError MediaTrayJam",
    "platform": "Cooling Failure Heating TemperatureHigh TemperatureLow",
    "scanMediaPath": """
Failure InputEmpty InputFeedError InputJam InputRequest Jam OutputFeedError OutputFull OutputJam PickRollerFailure
PickRollerLifeOver PickRollerLifeWarn PickRollerMissing TrayAlmostFull TrayFull TrayMissing
""",
    "scanner": """
LightFailure LightLifeAlmostOver LightLifeOver LightMissing SensorFailure SensorLifeAlmostOver SensorLifeOver SensorMissing
""",
    "subunit": """
Added AlmostEmpty AlmostFull AtLimit Closed CoolingDown Empty Full LifeAlmostOver LifeOver MemoryExhausted Missing MotorFailure
NearLimit Offline Opened OverTemperature PowerSaver RecoverableFailure RecoverableStorage Removed ResourceAdded ResourceRemoved
ThermistorFailure TimingFailure TurnedOff TurnedOn UnderTemperature UnrecoverableFailure UnrecoverableStorage WarmingUp
""",
}


def _names() -> Iterator[str]:
    yield from _CORE.split()
    for family in _FAMILIES.split():
        yield from (family + suffix for suffix in _SUFFIXES.split())
    for start, ends in _OTHERS.items():
        yield from (start + end for end in ends.split())


NAMES = frozenset(_names())
_BY_WORD = {name.lower(): name for name in NAMES}
_SEVERITIES = ("-report", "-warning", "-error")
#: IPP's keywords that Graph writes out.
_WRITTEN_OUT = {"opc-near-eol": "opticalPhotoConductorNearEndOfLife", "opc-life-over": "opticalPhotoConductorLifeOver"}


def detail(reason: str) -> str:
    """The name for a printer-state-reasons keyword (RFC 8011 section 5.4.12), with or without its severity; `other` for one that
    Graph does not know.
    """
    keyword = reason.strip().lower()
    bare = next((keyword.removesuffix(end) for end in _SEVERITIES if keyword.endswith(end)), keyword)
    if bare in _WRITTEN_OUT:
        return _WRITTEN_OUT[bare]
    # Some keywords end in what looks like a severity: input-media-tray-feed-error.
    return next((name for word in (keyword, bare) if (name := camel(word)) in NAMES and name != "unknownFutureValue"), "other")


def details(reasons: Iterable[str]) -> list[str]:
    """The names for what a printer says of itself, each once; nothing for `none`."""
    return [name for name in dict.fromkeys(map(detail, reasons)) if name != "none"]


def reason(name: str) -> str | None:
    """The printer-state-reasons keyword of a name, in any case; None when there is no such name."""
    known = _BY_WORD.get(name.lower())
    if known is None or known == "unknownFutureValue":
        return None
    written = {long: short for short, long in _WRITTEN_OUT.items()}
    return written.get(known) or "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in known)
