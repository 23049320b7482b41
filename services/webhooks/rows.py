"""Endpoints as the database has them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from libs.contracts.endpoints import DeviceFilter, EventKind
from libs.contracts.message import decode, encode
from services.webhooks.domain import Endpoint
from services.webhooks.tables import endpoint

#: What is read of an endpoint: everything but who serves it now.
COLUMNS = tuple(column for column in endpoint.c if column.name not in ("active", "holder", "until"))


def endpoint_of(row: RowMapping) -> Endpoint:
    """The endpoint that a row of `COLUMNS` holds."""
    fields: dict[str, Any] = dict(row)
    fields["kinds"] = decode(tuple[EventKind, ...], row["kinds"]) if row["kinds"] else ()
    fields["devices"] = decode(tuple[DeviceFilter, ...], row["devices"]) if row["devices"] else ()
    return Endpoint(**fields)


def values_of(new: Endpoint) -> Mapping[str, Any]:
    """The row of an endpoint, as a statement takes it."""
    values = {column.name: getattr(new, column.name) for column in COLUMNS}
    return {**values, "kinds": _listed(new.kinds), "devices": _listed(new.devices)}


def _listed(values: tuple[Any, ...]) -> str:
    return encode(list(values)).decode() if values else ""
