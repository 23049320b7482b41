"""Issuers of other people, made for a test: keys, a description and a JWK set over HTTP in memory, and tokens as they look."""

import base64
import json
import time

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from libs.contracts.directory import ClientEntry, ClientKind, TokenEntry
from libs.contracts.people import GetUser, UserAnswer, UserView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.directory import Directory
from services.gateway.oidc.bearers import Bearers, Foreign
from services.gateway.oidc.fetching import Source
from services.gateway.oidc.keyring import Keyring
from services.gateway.oidc.own import audiences
from services.gateway.oidc.standing import Standing
from services.gateway.oidc.trusted import TrustedIssuer
from tests.gateway.fakes import FakeBus, FakeMirror

TID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
APP = "11112222-bbbb-3333-cccc-4444dddd5555"
ANNA = "aaaa1111-0000-4000-8000-00000000a11a"
AUDIENCE = "api://printbus-of-ours"
ENTRA = f"https://login.microsoftonline.com/{TID}/v2.0"
PRINT_APP = "cccc0000-0000-4000-8000-00000000000c"
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa-1"})
RSA_2 = RSAKey.generate_key(2048, parameters={"kid": "rsa-2"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec-1"})


def published(*keys):
    return [{**key.as_dict(private=False), "use": "sig"} for key in keys]


class Web:
    """What an issuer publishes, and how often it was asked; `down` answers nothing."""

    def __init__(self, *keys, issuer=ENTRA, age=""):
        self.keys = published(*keys)
        self.issuer = issuer
        self.age = age
        self.asked = []
        self.down = False
        self.description = {}

    def __call__(self, request):
        url = str(request.url)
        self.asked.append(url)
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        if url.endswith("/.well-known/openid-configuration"):
            told = {"issuer": self.issuer, "jwks_uri": f"{self.issuer.rstrip('/')}/keys", **self.description}
            return httpx.Response(200, json=told)
        headers = {"Cache-Control": self.age} if self.age else {}
        return httpx.Response(200, json={"keys": self.keys}, headers=headers)

    def source(self, trusted):
        return Source(trusted, trusted.names[0], httpx.MockTransport(self))


def trusted(**more):
    return TrustedIssuer(**{"issuer": ENTRA, "audiences": AUDIENCE, "tenants": {TID: "main"}, **more})


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def app(sn="ERPerp01", app_id=APP, roles=(), **more):
    return ClientEntry(sn=sn, tenant="main", role=ClientKind.APP, name="ERP", app_id=app_id, roles=roles, **more)


class Rig:
    """Bearers over one issuer in memory and a directory with these clients."""

    def __init__(self, web, *entries, config=None, issuer=None, tries=30):
        self.bus = FakeBus()
        self.bus.answers[GetUser] = self.user
        self.users = {}
        self.mirror = FakeMirror()
        self.directory = Directory(self.bus, self.mirror, "local")
        for entry in entries:
            self.mirror.put(entry)
        self.clock = Clock()
        config = config or trusted()
        keyring = Keyring(web.source(config), config.keys_for, config.keys_kept, self.clock)
        self.standing = Standing(self.directory, self.bus, "local", self.clock)
        foreign = {name: Foreign(config, keyring) for name in config.names}
        self.bearers = Bearers(self.standing, foreign, issuer, audiences("", ""), tries=tries)

    def user(self, query):
        found = self.users.get(query.user)
        return UserAnswer(user=found) if found else Refused(Code.NOT_FOUND, "There is no such user.")

    def add_user(self, **more):
        user = UserView(**{"id": ANNA, "tenant": "main", "name": "anna@example.org", "display": "Anna", **more})
        self.users[user.id] = user
        return user

    async def who(self, token, address="192.0.2.1"):
        return await self.bearers.principal({"authorization": f"Bearer {token}"}, address)


def claims(**more):
    """Those of a token v2 of Entra ID for an application alone; a value of None takes one away."""
    now = int(time.time())
    told = {
        "iss": ENTRA,
        "aud": AUDIENCE,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "azp": APP,
        "azpacr": "1",
        "oid": "0a0a0a0a-0000-4000-8000-0000000000aa",
        "sub": "0a0a0a0a-0000-4000-8000-0000000000aa",
        "roles": ["PrintJob.ReadWrite.All", "PrintTaskDefinition.ReadWrite.All"],
        "tid": TID,
        "ver": "2.0",
        **more,
    }
    return {name: value for name, value in told.items() if value is not None}


def user_claims(**more):
    who = {"oid": ANNA, "sub": "pairwise-subject", "name": "Anna", "preferred_username": "anna@example.org"}
    return claims(**{**who, "scp": "PrintJob.Create PrinterShare.ReadBasic.All", "roles": None, **more})


def signed(said, key=RSA, algorithm="RS256", **header):
    head = {"alg": algorithm, "kid": key.kid, "typ": "JWT", **header}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = 100_000
    registry.check_header = lambda _header: None
    return jws.serialize_compact(head, json.dumps(said), key, [algorithm], registry)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token_entry(digest, sn="ERPerp01", **more):
    return TokenEntry(digest=digest, sn=sn, tenant="main", name="live", **more)
