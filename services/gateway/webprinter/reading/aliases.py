"""Tasks in the words of older and newer relatives of this protocol, put into its own (webprinter.md 2.2 and 2.4)."""

from collections.abc import Mapping
from typing import Any

from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields, normal, shown

#: Other names of a field -> its own one; where both are given, its own one counts.
NAMES = {
    "printer": "deviceName",
    "printerName": "deviceName",
    "shareSn": "controlSn",
    "sn": "controlSn",
    "taskName": "name",
    "fileName": "name",
    "html": "content",
    "url": "content",
}
#: What a task may be named by.
NAME_KEYS = ("name", *(old for old, own in NAMES.items() if own == "name"))
#: What the old `type` says about source and format.
TYPES = {
    "URL": ("URL", "HTML"),
    "HTML": ("STRING", "HTML"),
    "PDFURL": ("URL", "PDF"),
    "PDF": ("BASE64", "PDF"),
}
#: What a field that holds the content says about it by its name.
CONTENTS = {"html": ("STRING", "HTML"), "url": ("URL", None)}
_OLD = NAMES.keys() | {"type"}
_SHEET = ("width", "height")


def modern(task: Fields) -> Fields:
    """The same task in the protocol's own words. Raises `Rejected` for a `type` that nobody knows."""
    values = task.values
    config = values.get("config")
    sheet = config if isinstance(config, dict) and any(key in config for key in _SHEET) else None
    if not values.keys() & _OLD and sheet is None:
        return task
    made = dict(values)
    source, kind = _told(task, values)
    for old, own in NAMES.items():
        if old in values and values.get(own) is None:
            made[own] = values[old] if made.get(own) is None else made[own]
    words = {"mediaSource": source, "mediaFormat": kind}
    made |= {key: word for key, word in words.items() if word and values.get(key) is None}
    if sheet is not None:
        made["config"] = _sheet(sheet)
    return Fields(made, task.path)


def _told(task: Fields, values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Source and format as the old words say them."""
    given = values.get("type")
    if isinstance(given, str) and given.strip():
        if normal(given) not in TYPES:
            known = f"{', '.join(TYPES)}, or mediaSource and mediaFormat be given"
            raise Rejected(f"{task.name('type')} must be one of {known}; it is {shown(given)}.")
        return TYPES[normal(given)]
    if values.get("content") is None:
        return next((told for key, told in CONTENTS.items() if values.get(key) is not None), (None, None))
    return None, None


def _sheet(config: Mapping[str, Any]) -> dict[str, Any]:
    """The first versions had the sheet's size in the config itself."""
    made = {key: value for key, value in config.items() if key not in _SHEET}
    if made.get("paperConfig") is None and made.get("paper") is None:
        made["paperConfig"] = {key: config.get(key) for key in _SHEET}
    return made
