"""What every authentication scheme must do; a new file in `auth` is tested by being there."""

import pytest
from starlette.requests import Request

from libs.runtime.discovery import discover
from services.gateway import auth
from services.gateway.auth import Unidentified, identify
from services.gateway.directory import Directory
from services.gateway.domain import Identity
from tests.gateway.fakes import SN, TOKEN, FakeBus, FakeMirror, entries

SCHEMES = discover(auth)


def request(**headers):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


def directory():
    return Directory(FakeBus(), FakeMirror(*entries()), "local")


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES.keys())
async def test_a_request_without_its_credential_is_not_its_business(scheme):
    assert await scheme.identify(request(), directory()) is None
    assert await scheme.identify(request(x_something_else="y"), directory()) is None


async def test_a_good_token_is_its_client():
    found = await identify(request(api_access_token=TOKEN), directory(), SCHEMES.values())
    assert found == Identity("main", SN)


@pytest.mark.parametrize("token", ["wrong", TOKEN + "x", TOKEN.upper(), "x" * 513, "*", ">", "a.b"])
async def test_a_bad_token_is_refused_without_being_shown(token):
    with pytest.raises(Unidentified) as refused:
        await identify(request(api_access_token=token), directory(), SCHEMES.values())
    assert token not in str(refused.value) or len(token) < 4


async def test_no_credential_at_all_is_refused():
    with pytest.raises(Unidentified):
        await identify(request(), directory(), SCHEMES.values())
