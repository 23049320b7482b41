"""`newPairing`, `newRelayToken`, `listRelays`, `revokeRelay`: who lets pages of other sites print (webprinter.md 3.4)."""

from typing import Any

from libs.contracts.directory import Scope
from libs.contracts.relays import RelayEntry
from services.gateway.domain import Identity, is_origin
from services.gateway.gateway import Gateway
from services.gateway.recording import record
from services.gateway.relays import LONGEST, Relay, Relays, now
from services.gateway.webprinter.envelope import NOTHING, Rejected
from services.gateway.webprinter.reading.fields import Fields, shown

DAY = 86_400_000
#: How long a relay is good for unless it is said: one that a site's server asks for, and one that a person pairs.
ASKED_FOR = DAY
PAIRED_FOR = 90 * DAY
MOST_ORIGINS = 50
_SCOPES = {scope.value.upper(): scope for scope in Scope}


async def new_pairing(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """A code for ten minutes that a page exchanges for a relay token. Raises `Rejected`."""
    entry, relays = _entry(identity, data, PAIRED_FOR), relays_of(gateway)
    await record(gateway, identity, "pairing code made", identity.sn, **_allowing(entry))
    code, pairing = await relays.pair(entry)
    return {"code": code, "expiresAt": pairing.valid_until, "origins": list(entry.origins), "scopes": list(entry.scopes)}


async def new_relay_token(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """A relay token for the pages of a site, asked for by its server. Raises `Rejected`."""
    entry = _entry(identity, data, ASKED_FOR)
    if not entry.origins:
        raise Rejected('origins is missing: write the origins of your pages as a list, such as ["https://shop.example.org"].')
    token, relay = await relays_of(gateway).issue(entry)
    await record(gateway, identity, "relay token made", relay.id, **_allowing(entry))
    return {"token": token, **_row(relay)}


async def list_relays(gateway: Gateway, identity: Identity, _data: Fields) -> list[dict[str, Any]]:
    """The client's relays that are good now."""
    return [_row(relay) for relay in await relays_of(gateway).of(identity.tenant, identity.sn)]


async def revoke_relay(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """End a relay of the client. Raises `Rejected`."""
    wanted = data.text("relayId")
    if not wanted:
        raise Rejected("relayId is missing: write the relayId that listRelays shows.")
    relays = relays_of(gateway)
    found = await relays.called(identity.tenant, identity.sn, wanted)
    if found is None:
        raise Rejected(f"relayId: there is no relay {shown(wanted)}; listRelays names them.")
    await record(gateway, identity, "relay revoked", wanted)
    await relays.revoke(found)
    return NOTHING


def relays_of(gateway: Gateway) -> Relays:
    """The relays as this gateway reaches them. Raises `Rejected` at the door of another region: pages go to their own."""
    if gateway.far:
        raise Rejected(f"Pages of other sites are let in at the gateways of the region {gateway.region} itself: ask there.")
    return Relays(gateway.bus, gateway.reservations)


def _entry(identity: Identity, data: Fields, expire_after: int) -> RelayEntry:
    if identity.relayed:  # what it let in would outlive it
        raise Rejected("A relayed page lets nobody else in: ask with a token of the client, or on the machine itself.")
    seconds = data.number("expireAfter", 1, LONGEST / 1000, " (seconds)")
    created = now()
    return RelayEntry(
        sn=identity.sn,
        tenant=identity.tenant,
        name=data.text("name", 100) or "",
        origins=_origins(data),
        scopes=_scopes(identity, data),
        token=identity.credential,
        created_at=created,
        expires_at=created + (int(seconds * 1000) if seconds else expire_after),
    )


def _allowing(entry: RelayEntry) -> dict[str, str]:
    """A relay as the audit log has it."""
    return {"name": entry.name, "origins": " ".join(entry.origins), "scopes": " ".join(entry.scopes)}


def _origins(data: Fields) -> tuple[str, ...]:
    given = data.raw("origins")
    listed = given if isinstance(given, list) else [] if given in (None, "") else [given]
    if len(listed) > MOST_ORIGINS:
        raise Rejected(f"origins must name at most {MOST_ORIGINS} origins; it names {len(listed)}.")
    for each in listed:
        if not isinstance(each, str) or not is_origin(each):
            raise Rejected(f"origins must be as browsers send them, such as https://shop.example.org; one is {shown(each)}.")
    return tuple(dict.fromkeys(listed))


def _scopes(identity: Identity, data: Fields) -> tuple[Scope, ...]:
    """What was asked for, which must be among what one has oneself; print and read unless something was asked for."""
    asked = data.words("scopes", _SCOPES, ", ".join(Scope))
    found = asked or tuple(scope for scope in (Scope.PRINT, Scope.READ) if identity.may(scope))
    lacking = [scope for scope in found if not identity.may(scope)]
    if lacking or not found:
        raise Rejected(f"scopes: you cannot give what your own token lacks: {', '.join(lacking) or 'print and read'}.")
    return found


def _row(relay: Relay) -> dict[str, Any]:
    entry = relay.entry
    return {
        "relayId": relay.id,
        "name": entry.name,
        "origins": list(entry.origins),
        "scopes": [scope.value for scope in entry.scopes],
        "createdAt": entry.created_at,
        "expiresAt": entry.expires_at,
    }
