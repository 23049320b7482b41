"""A ticket's marks as what is drawn: their variables filled in, their images by number."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from libs.contracts.marks import Mark
from libs.contracts.orders import ConvertDocument
from services.converter.domain import Stamp

_VARIABLE = re.compile(r"\{\{|\{(\w+)\}")


def stamps(marks: Sequence[Mark], values: Mapping[str, str]) -> tuple[Stamp, ...]:
    """Marks with their variables; `{page}` and `{pages}` stay for whoever counts them, as do braces written twice.

    An image's number is its place among the marks that have one.
    """
    made: list[Stamp] = []
    pictures = 0
    for mark in marks:
        picture = None
        if mark.image is not None:
            picture, pictures = pictures, pictures + 1
        made.append(
            Stamp(
                place=mark.place,
                text=_VARIABLE.sub(lambda found: _value(found[0], found[1], values), mark.text),
                picture=picture,
                align=mark.align,
                size=mark.size,
                color=_color(mark.color),
                opacity=min(max(mark.opacity, 0), 100) / 100,
                angle=mark.angle,
                under=mark.under,
            )
        )
    return tuple(made)


def values(order: ConvertDocument, now: datetime) -> dict[str, str]:
    """What the variables of an order's marks show; `now` in the server's time zone."""
    return {
        "date": f"{now:%Y-%m-%d}",
        "time": f"{now:%H:%M}",
        "name": order.name or order.document.name,
        "device": order.target.name,
        "client": order.client,
        "taskId": order.task,
    }


def _value(written: str, name: str | None, values: Mapping[str, str]) -> str:
    if name is None or name not in values:
        return written
    return values[name].replace("{", "{{")


def _color(digits: str) -> tuple[float, float, float]:
    try:
        value = int(digits, 16)
    except ValueError:
        value = 0
    return (value >> 16 & 255) / 255, (value >> 8 & 255) / 255, (value & 255) / 255
