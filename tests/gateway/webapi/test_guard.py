"""The guard of the WebAPI: exact names, known origins, a page's own fetch, and nobody from elsewhere."""

import pytest

from services.gateway.webapi.guard import Barred, Guard

PORT = 39899
SHOP = "https://shop.example.org"


def scope(*, host="127.0.0.1:39899", origin=SHOP, peer="127.0.0.1", server="127.0.0.1", port=PORT, scheme="http", **headers):
    given = {"host": host, "origin": origin, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in given.items() if value is not None]
    kind = "websocket" if scheme in ("ws", "wss") else "http"
    return {"type": kind, "scheme": scheme, "headers": raw, "client": (peer, 50000), "server": (server, port)}


def guard(*origins, names=(), public_url=""):
    return Guard(origins or (SHOP,), names, public_url)


def status(refused, **given):
    with pytest.raises(Barred) as reason:
        guard().caller(scope(**given)) if refused == "knock" else guard().caller(scope(**given)).admit_local()
    return reason.value.status


@pytest.mark.parametrize("host", ["127.0.0.1:39899", "localhost:39899", "[::1]:39899", "LOCALHOST:39899"])
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_page_of_an_allowed_origin_on_this_machine_comes_in(host, scheme):
    caller = guard().caller(scope(host=host, scheme=scheme))
    caller.admit_local()
    assert (caller.allowed, caller.local) == (True, True)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.net:39899", "localhost", "127.0.0.1", "127.0.0.1:80", "localhost.:39899", "127.0.0.2:39899", "", None,
        "127.0.0.1:39899.evil.net", "127.0.0.1:039899", "localhost:39899,evil.net", "[::ffff:127.0.0.1]:39899", "2130706433:39899",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_rebound_host_is_refused(host, scheme):
    assert status("knock", host=host, scheme=scheme) == 421


def test_a_host_that_is_there_twice_is_none():
    twice = scope()
    twice["headers"].append((b"host", b"127.0.0.1:39899"))
    with pytest.raises(Barred):
        guard().caller(twice)


def test_configured_names_are_known_with_the_port_and_on_the_default_port():
    known = guard(names=("print.example.org", "other.example.org:8443"), public_url="https://print.example.com")
    for host in ("print.example.org:39899", "print.example.org", "other.example.org:8443", "print.example.com"):
        known.caller(scope(host=host))
    for host in ("print.example.org:80", "other.example.org", "print.example.com:39899"):
        with pytest.raises(Barred, match="PRINTBUS_HTTP_NAMES"):
            known.caller(scope(host=host))


def test_on_the_default_port_names_stand_without_it():
    for host, scheme in (("localhost", "https"), ("localhost:443", "wss")):
        assert guard().caller(scope(host=host, port=443, scheme=scheme)).allowed


@pytest.mark.parametrize(
    "origin", [None, "", "null", "file://", "https://shop.example.org/", "HTTPS://", "https://a@shop.example.org"]
)
def test_no_origin_or_an_opaque_one_is_refused(origin):
    assert status("knock", origin=origin) == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.net", "http://shop.example.org", "https://shop.example.org:8443", "https://shop.example.org.evil.net",
        "https://evil.net-shop.example.org", "http://localhost:3000", "http://127.0.0.1:39900", "http://localhost:39899",
    ],
)  # fmt: skip
def test_an_unknown_origin_is_refused_with_the_setting_to_change(origin):
    with pytest.raises(Barred, match="PRINTBUS_WEBAPI_ORIGINS") as reason:
        guard().caller(scope(origin=origin)).admit_local()
    assert reason.value.status == 403


@pytest.mark.parametrize(
    ("scheme", "origin"), [("ws", "http://127.0.0.1:39899"), ("http", "http://127.0.0.1:39899"), ("wss", "https://127.0.0.1:39899")]
)
def test_the_servers_own_page_is_allowed_by_itself(scheme, origin):
    caller = Guard((), (), "").caller(scope(origin=origin, scheme=scheme))
    caller.admit_local()
    assert (caller.origin, caller.allowed, caller.own) == (origin, True, True)


def test_the_servers_own_page_gets_without_an_origin():
    known = Guard((), (), "https://print.example.com")
    assert known.caller(scope(origin=None, sec_fetch_site="same-origin")).origin == "http://127.0.0.1:39899"
    behind = known.caller(scope(origin=None, sec_fetch_site="same-origin", host="print.example.com"))
    assert (behind.origin, behind.allowed) == ("https://print.example.com", True)
    for site in ("cross-site", "same-site", "none"):
        with pytest.raises(Barred):
            known.caller(scope(origin=None, sec_fetch_site=site))
    with pytest.raises(Barred):
        known.caller(scope(origin="null", sec_fetch_site="same-origin"))


def test_the_servers_own_page_behind_a_proxy_is_known_by_the_public_address():
    known = Guard((), (), "https://print.example.com")
    assert known.caller(scope(host="print.example.com", origin="https://print.example.com")).allowed
    assert not known.caller(scope(origin="https://print.example.com")).allowed


def test_the_servers_own_page_asks_without_an_origin_and_the_browser_says_whose_it_is():
    own = Guard((), (), "").caller(scope(origin=None, sec_fetch_site="same-origin", sec_fetch_mode="cors"))
    assert (own.origin, own.allowed) == ("http://127.0.0.1:39899", True)
    for site in ("cross-site", "same-site", "none"):
        assert status("knock", origin=None, sec_fetch_site=site) == 403
    assert status("knock", host="evil.example.net:39899", origin=None, sec_fetch_site="same-origin") == 421
    assert status("local", origin="https://evil.example.net", sec_fetch_site="same-origin") == 403


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.7", "::ffff:192.0.2.1", "fe80::1", "testclient", ""])
def test_a_peer_that_is_not_on_this_machine_is_refused(peer):
    assert status("local", peer=peer) == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_every_loopback_peer_is_on_this_machine(peer):
    caller = guard().caller(scope(peer=peer))
    caller.admit_local()
    assert (caller.local, caller.peer) == (True, peer)


@pytest.mark.parametrize("header", [
    "x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto", "cf-connecting-ip", "cdn-loop",
])  # fmt: skip
def test_what_a_proxy_says_takes_away_and_never_gives(header):
    assert status("local", **{header: "127.0.0.1"}) == 403
    assert status("local", peer="192.0.2.1", **{header: "127.0.0.1"}) == 403


@pytest.mark.parametrize(
    ("header", "value"),
    [("sec_fetch_dest", "image"), ("sec_fetch_dest", "script"), ("sec_fetch_mode", "navigate"), ("sec_fetch_mode", "no-cors"),
     ("sec_fetch_site", "none"), ("sec_fetch_dest", "websocket")],
)  # fmt: skip
def test_what_is_no_fetch_of_a_page_is_refused(header, value):
    assert status("knock", **{header: value}) == 403


def test_a_pages_own_fetch_and_socket_are_let_in():
    for said in (
        {"sec_fetch_dest": "empty", "sec_fetch_mode": "cors", "sec_fetch_site": "cross-site"},
        {"sec_fetch_dest": "websocket", "sec_fetch_mode": "websocket", "scheme": "ws"},
        {"sec_fetch_dest": "empty", "sec_fetch_mode": "websocket", "scheme": "ws"},
    ):
        caller = guard().caller(scope(**said))
        assert (caller.origin, caller.allowed, caller.own) == (SHOP, True, False)


def test_a_proxy_that_says_nothing_about_itself_is_told_by_its_old_http():
    caller = guard().caller({**scope(), "http_version": "1.0"})
    assert (caller.allowed, caller.local) == (True, False)


def test_the_servers_own_page_is_told_from_those_of_allowed_origins():
    assert guard().caller(scope(origin="http://127.0.0.1:39899")).own
    assert not guard().caller(scope()).own
