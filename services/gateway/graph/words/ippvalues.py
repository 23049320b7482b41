"""Values of IPP attributes as JSON has them."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from libs.ipp.attributes import Collection, Value
from libs.ipp.values import IntegerRange, Opaque, OutOfBand, Resolution


def json_values(values: Sequence[Value]) -> list[Any]:
    """Each value: ranges, resolutions and collections as objects, octets as base64, what stands in place of a value as None."""
    return [_value(each) for each in values]


def _octets(data: bytes) -> str:
    return base64.b64encode(data).decode()


#: Kind -> how it is shown; booleans are integers too, and come first.
_SHOWN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (bool, bool),
    (int, int),
    (str, str),
    (IntegerRange, lambda value: {"lower": value.lower, "upper": value.upper}),
    (Resolution, lambda value: {"crossFeed": value.cross_feed, "feed": value.feed, "units": int(value.units)}),
    (Collection, lambda value: {name: json_values(several) for name, several in value.items()}),
    (datetime, datetime.isoformat),
    (bytes, _octets),
    (Opaque, lambda value: {"tag": value.tag, "data": _octets(value.data)}),
    (OutOfBand, lambda _: None),
)


def _value(value: Value) -> Any:
    return next(show(value) for kind, show in _SHOWN if isinstance(value, kind))
