"""What every authentication scheme must do; a new file in `auth` is tested by being there."""

from dataclasses import replace

import pytest
from starlette.requests import Request

from libs.contracts.directory import Scope
from libs.contracts.ids import token_digest
from libs.contracts.queries import LookUp
from libs.runtime.bus import Unanswered
from libs.runtime.discovery import discover
from services.gateway import auth
from services.gateway.auth import Unidentified, identify
from services.gateway.directory import Directory
from services.gateway.domain import Identity
from tests.gateway.fakes import SN, TOKEN, FakeBus, FakeMirror, entries, looked_up

SCHEMES = discover(auth)


def request(**headers):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


def directory(*late):
    """One that knows the usual client; the registry knows also what is late."""
    bus = FakeBus()
    bus.answers[LookUp] = looked_up(*late)
    return Directory(bus, FakeMirror(*entries()), "local")


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES.keys())
async def test_a_request_without_its_credential_is_not_its_business(scheme):
    assert await scheme.identify(request(), directory()) is None
    assert await scheme.identify(request(x_something_else="y"), directory()) is None


async def test_a_good_token_is_its_client():
    found = await identify(request(api_access_token=TOKEN), directory(), SCHEMES.values())
    assert found == Identity("main", SN, credential=token_digest(TOKEN))


@pytest.mark.parametrize("token", ["wrong", TOKEN + "x", TOKEN.upper(), "x" * 513, "*", ">", "a.b"])
async def test_a_bad_token_is_refused_without_being_shown(token):
    with pytest.raises(Unidentified) as refused:
        await identify(request(api_access_token=token), directory(), SCHEMES.values())
    assert token not in str(refused.value) or len(token) < 4


HEADERS = {"api_access_token": "{}", "authorization": "Bearer {}"}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"expires_at": 1}, False),
        ({"expires_at": 10**15}, True),
        ({"tenant": "other"}, False),
        ({"sn": "ABCDEFGH"}, False),
    ],
)
async def test_a_token_is_as_good_as_its_entry_in_every_header(name, change, good):
    known = directory()
    mirror = known._mirror
    mirror.put(replace(entries()[1], **change))
    asked = identify(request(**{name: HEADERS[name].format(TOKEN)}), known, SCHEMES.values())
    if good:
        assert (await asked).sn == SN
    else:
        with pytest.raises(Unidentified):
            await asked


@pytest.mark.parametrize("name", HEADERS)
async def test_a_token_is_good_from_the_moment_that_it_is_shown_to_its_owner(name, monkeypatch):
    monkeypatch.setattr("services.gateway.directory.SETTLED_WITHIN", 0.02)
    known = directory(replace(entries()[1], digest=token_digest("just made"), sn="jusTmaDe"), replace(entries()[0], sn="jusTmaDe"))
    found = await identify(request(**{name: HEADERS[name].format("just made")}), known, SCHEMES.values())
    assert found.sn == "jusTmaDe"


async def test_nobody_is_refused_by_a_registry_that_does_not_answer():
    known = Directory(FakeBus(), FakeMirror(*entries()), "local")
    with pytest.raises(Unanswered):
        await identify(request(api_access_token="just made"), known, SCHEMES.values())


async def test_a_token_of_a_disabled_client_is_bad():
    known = directory()
    known._mirror.put(replace(entries()[0], enabled=False))
    with pytest.raises(Unidentified):
        await identify(request(authorization=f"bearer {TOKEN}"), known, SCHEMES.values())


async def test_scopes_and_the_name_of_a_token_come_with_it():
    known = directory()
    known._mirror.put(replace(entries()[1], scopes=(Scope.READ,), name="display"))
    found = await identify(request(authorization=f"Bearer  {TOKEN}"), known, SCHEMES.values())
    assert (found.scopes, found.token) == ((Scope.READ,), "display")
    assert found.may(Scope.READ)
    assert not found.may(Scope.PRINT)


async def test_another_scheme_of_authorization_is_nobodys_business():
    with pytest.raises(Unidentified, match="Send the token"):
        await identify(request(authorization="Basic eDp5"), directory(), SCHEMES.values())


async def test_no_credential_at_all_is_refused():
    with pytest.raises(Unidentified):
        await identify(request(), directory(), SCHEMES.values())
