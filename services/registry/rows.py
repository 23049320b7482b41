"""Rows of the registry's tables as the records of the contracts, and back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from libs.contracts.devices import Capabilities, Device, DeviceType, PartialPolicy, PrinterState, ResumePolicy, UnknownPolicy
from libs.contracts.directory import AppKey, ClientEntry, ClientKind, DefaultEntry, DeviceEntry, Scope, TokenEntry
from libs.contracts.hooks import Hook
from libs.contracts.ids import guid
from libs.contracts.marks import Mark
from libs.contracts.message import decode, encode
from services.registry.domain import Known

_MARKS = tuple[Mark, ...]
_KEYS = tuple[AppKey, ...]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as people are shown it. Times are ms since 1970, 0: none."""

    sn: str
    name: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int
    revoked_at: int


def token_row(row: Row[Any]) -> TokenRow:
    """A row of `tokens`."""
    return TokenRow(row.sn, row.name, tuple(json.loads(row.scopes)), row.created_at, row.expires_at, row.revoked_at)


def client_entry(row: Row[Any]) -> ClientEntry:
    """A row of `clients` joined with whether its tenant is enabled."""
    return ClientEntry(
        sn=row.sn,
        tenant=row.tenant,
        role=ClientKind(row.role),
        name=row.name,
        shard=row.shard,
        enabled=row.enabled and row.tenant_enabled,
        marks=decode(_MARKS, row.marks),
        app_id="" if row.app_id == guid("application", row.sn) else row.app_id,
        roles=tuple(json.loads(row.roles)),
        keys=app_keys(row),
    )


def app_keys(row: Row[Any]) -> tuple[AppKey, ...]:
    """Of a row of `clients`: what it may sign with."""
    found: tuple[AppKey, ...] = decode(_KEYS, row.app_keys) if row.app_keys != "[]" else ()
    return found


def token_entry(row: Row[Any]) -> TokenEntry:
    """A row of `tokens` joined with its client's tenant."""
    return TokenEntry(
        digest=row.digest,
        sn=row.sn,
        tenant=row.tenant,
        name=row.name,
        expires_at=row.expires_at,
        scopes=tuple(Scope(scope) for scope in json.loads(row.scopes)),
    )


def default_entry(row: Row[Any]) -> DefaultEntry:
    """A row of `defaults`."""
    return DefaultEntry(sn=row.sn, type=row.type, agent=row.agent, device=row.device)


def device_entry(row: Row[Any], users: tuple[str, ...], hooks: tuple[Hook, ...] = ()) -> DeviceEntry:
    """A row of `devices`, who may use it beside its owner, and what works on its tasks."""
    return DeviceEntry(
        tenant=row.tenant,
        agent=row.agent,
        device=known(row).device,
        users=users,
        marks=decode(_MARKS, row.marks),
        hooks=hooks,
        served_by=row.served_by,
    )


def together(found: Iterable[Row[Any]]) -> dict[tuple[Any, ...], set[str]]:
    """Rows as what all but their last column say -> the values of the last one."""
    gathered: dict[tuple[Any, ...], set[str]] = {}
    for row in found:
        gathered.setdefault(tuple(row[:-1]), set()).add(row[-1])
    return gathered


def known(row: Row[Any], *, plain: bool = False) -> Known:
    """A row of `devices` as the rules want it; `plain`: without what it can do."""
    device = Device(
        id=row.id,
        name=row.name,
        type=DeviceType(row.type),
        state=PrinterState(row.state),
        reasons=tuple(json.loads(row.reasons)),
        accepting=row.accepting,
        system_default=row.system_default,
        unknown=UnknownPolicy(row.unknown),
        capabilities=Capabilities() if plain else decode(Capabilities, row.capabilities),
        virtual=row.virtual,
        resume=ResumePolicy(row.resume),
        partial=PartialPolicy(row.partial),
    )
    return Known(device, row.revision, row.gone, row.served_by)


def device_values(known: Known) -> dict[str, Any]:
    """The columns of `devices` that a report changes."""
    device = known.device
    return {
        "name": device.name,
        "type": device.type.value,
        "state": device.state.value,
        "reasons": json.dumps(device.reasons),
        "accepting": device.accepting,
        "system_default": device.system_default,
        "unknown": device.unknown.value,
        "resume": device.resume.value,
        "partial": device.partial.value,
        "capabilities": encode(device.capabilities).decode(),
        "revision": known.revision,
        "gone": known.gone,
        "virtual": device.virtual,
        "served_by": known.served_by,
    }
