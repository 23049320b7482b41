"""Who a page is, and whether it may stay: asked of the directory, also when that is blind."""

import time
from dataclasses import replace

import pytest

from libs.contracts.directory import ClientEntry, ClientKind, Scope, TokenEntry
from libs.contracts.queries import LookUp
from libs.contracts.relays import RelayEntry
from libs.runtime.bus import Unanswered
from libs.runtime.settings import read
from services.gateway.directory import Directory
from services.gateway.relays import Relay
from services.gateway.settings import GatewaySettings
from services.gateway.webapi import visitors as module
from services.gateway.webapi.guard import Barred, Caller
from services.gateway.webapi.visitors import Visitors
from tests.gateway.fakes import FakeBus, FakeMirror, looked_up

SN = "jueKiUEE"
SITE = "https://site.example.com"
CLIENT = ClientEntry(sn=SN, tenant="main", role=ClientKind.AGENT)
TOKEN = TokenEntry(digest="d1", sn=SN, tenant="main", name="site server")
LOCAL = Caller(SITE, allowed=True, local=True, peer="127.0.0.1")
FAR = replace(LOCAL, allowed=False, local=False, peer="203.0.113.9")


def entry(**more):
    return RelayEntry(**{"sn": SN, "tenant": "main", "origins": (SITE,), "token": "d1", "expires_at": 2**50, **more})


class Relays:
    """Relays in memory."""

    def __init__(self):
        self.known = {"good": Relay(f"{SN}.aa", entry())}
        self.revoked = {}

    async def find(self, token):
        return self.known.get(token)


class Asking:
    """Visitors over a directory of one client and one token."""

    def __init__(self, folder, *entries, **settings):
        self.bus = FakeBus()
        self.mirror = FakeMirror(*entries)
        self.bus.answers[LookUp] = looked_up(*entries)
        self.relays = Relays()
        settings = read(GatewaySettings, data_dir=folder, **{"sn": SN, **settings})
        self.visitors = Visitors(Directory(self.bus, self.mirror, "local"), self.relays, settings)

    def change(self, *entries):
        for each in entries:
            self.mirror.put(each)

    def forget(self, key):
        del self.mirror.values[key]
        self.bus.answers[LookUp] = looked_up(*self.mirror.values.values())


async def barred(awaitable):
    with pytest.raises(Barred) as reason:
        await awaitable
    return reason.value.status


async def test_a_page_on_this_machine_is_the_servers_own_client(tmp_path):
    asking = Asking(tmp_path, CLIENT)
    visitor = await asking.visitors.local(LOCAL)
    assert (visitor.identity.tenant, visitor.identity.sn, visitor.identity.source, visitor.relay) == (
        "main",
        SN,
        "CLIENT_WEBAPI",
        "",
    )
    assert visitor.identity.may(Scope.MANAGE)
    assert not visitor.identity.may(Scope.ADMINISTER)
    own = await asking.visitors.local(replace(LOCAL, own=True))
    assert own.identity.may(Scope.ADMINISTER)
    everything = await Asking(tmp_path, CLIENT, webapi_scopes=["administer"]).visitors.local(LOCAL)
    assert everything.identity.scopes == (Scope.ADMINISTER,)
    assert await asking.visitors.standing(visitor) is None
    asking.change(replace(CLIENT, enabled=False))
    assert await asking.visitors.standing(visitor) == module.GONE
    assert await barred(asking.visitors.local(LOCAL)) == 403


async def test_a_server_without_a_client_says_so(tmp_path):
    assert await barred(Asking(tmp_path, CLIENT, sn="").visitors.local(LOCAL)) == 503
    assert await barred(Asking(tmp_path).visitors.local(LOCAL)) == 503


async def test_a_relay_ends_with_its_client_its_token_its_time_and_by_itself(tmp_path):
    asking = Asking(tmp_path, CLIENT, TOKEN)
    visitor = await asking.visitors.relayed(FAR, "good")
    assert visitor.identity.scopes == (Scope.PRINT, Scope.READ)
    assert (visitor.identity.credential, visitor.identity.token) == ("d1", "relay aa")
    standing = asking.visitors.standing
    assert await standing(visitor) is None
    assert await standing(replace(visitor, expires_at=int(time.time() * 1000) - 1)) == module.EXPIRED
    asking.change(replace(CLIENT, enabled=False))
    assert await standing(visitor) == module.REVOKED
    asking.change(CLIENT, replace(TOKEN, expires_at=1))
    assert await standing(visitor) == module.REVOKED
    asking.change(TOKEN)
    assert await standing(visitor) is None
    asking.relays.revoked[visitor.relay] = None
    assert await standing(visitor) == module.REVOKED
    asking.relays.revoked.clear()
    asking.forget(TOKEN.key)
    assert await standing(visitor) == module.REVOKED
    assert await barred(asking.visitors.relayed(FAR, "good")) == 401


async def test_a_relay_waits_outside_while_nobody_can_tell(tmp_path):
    asking = Asking(tmp_path, CLIENT, TOKEN)
    relayed, local = await asking.visitors.relayed(FAR, "good"), await asking.visitors.local(LOCAL)
    asking.mirror.fresh = False
    asking.bus.answers[LookUp] = Unanswered("nobody")
    assert await asking.visitors.standing(relayed) == module.UNSURE
    assert await asking.visitors.standing(local) is None
    with pytest.raises(Unanswered):
        await asking.visitors.relayed(FAR, "good")


async def test_a_relay_of_another_tenant_than_its_clients_is_void(tmp_path):
    asking = Asking(tmp_path, CLIENT, TOKEN)
    asking.relays.known["moved"] = Relay(f"{SN}.bb", entry(tenant="other"))
    assert await barred(asking.visitors.relayed(FAR, "moved")) == 401
    assert await barred(asking.visitors.relayed(FAR, "invented")) == 401
    assert await barred(asking.visitors.relayed(replace(FAR, origin="https://evil.example.net"), "good")) == 403
    assert await barred(Asking(tmp_path, CLIENT, TOKEN, webapi_relay=False).visitors.relayed(FAR, "good")) == 403
