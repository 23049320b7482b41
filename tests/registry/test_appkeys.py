"""Keys of applications: read out of certificates, published with the application, taken away; on SQLite and on PostgreSQL."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey

from libs.contracts.directory import ClientKind, client_key
from libs.contracts.message import decode, encode
from libs.runtime.settings import read
from services.registry import enrol, rights
from services.registry.appkeys import MOST, add_key, read_key, remove_key
from services.registry.enrol import Unfit
from services.registry.settings import RegistrySettings
from tests.certificates import certificate

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
#: An RSA key of 1024 bits.
SHORT = rsa.generate_private_key(65537, 1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OTHERS = [ECKey.generate_key("P-256") for _ in range(MOST)]


@pytest.fixture
async def store(database_url, tmp_path):
    async with enrol.open_store(read(RegistrySettings, data_dir=tmp_path, database_url=database_url)) as opened:
        await enrol.add_tenant(opened, "clinic")
        yield opened.acting("anna")


async def told(store):
    """The keys of the directory's entries that are to be written anew."""
    news = await store.news(100)
    await store.forget([each.id for each in news])
    return [each.key for each in news]


async def test_a_key_is_published_with_its_application_and_goes_with_it(store):
    sn = (await enrol.add_client(store, "clinic", ClientKind.APP, "shop")).sn
    await told(store)
    first = await add_key(store, sn, read_key(certificate(RSA)))
    second = await add_key(store, sn, read_key(EC.as_pem(private=False)), "on a curve")
    assert await told(store) == [client_key(sn), client_key(sn)]
    entry = await store.entry(client_key(sn))
    assert entry.keys == (first, second)
    assert decode(type(entry), encode(entry)) == entry
    assert len(encode(entry)) < 2000
    assert (await remove_key(store, sn, "pull print")) == first
    assert (await store.entry(client_key(sn))).keys == (second,)
    await remove_key(store, sn, second.thumbprint)
    audited = [(row.who, row.action) for row in await store.audited(0) if row.action.startswith("app key")]
    assert audited == [("anna", "app key added")] * 2 + [("anna", "app key removed")] * 2
    await add_key(store, sn, first)
    await rights.remove_app(store, sn)
    assert await store.entry(client_key(sn)) is None


async def test_only_applications_have_keys_and_not_the_same_twice(store):
    agent = (await enrol.add_client(store, "clinic", ClientKind.AGENT)).sn
    sn = (await enrol.add_client(store, "clinic", ClientKind.APP, "shop")).sn
    key = read_key(certificate(EC))
    for other in (agent, "nobodyXX"):
        with pytest.raises(Unfit, match="no application"):
            await add_key(store, other, key)
    await add_key(store, sn, key)
    with pytest.raises(Unfit, match="has this key already"):
        await add_key(store, sn, key, "another name")
    with pytest.raises(Unfit, match="write another --name"):
        await add_key(store, sn, read_key(certificate(OTHERS[0])))
    with pytest.raises(Unfit, match="can be printed"):
        await add_key(store, sn, read_key(certificate(OTHERS[0])), "a\nb")
    for number, other in enumerate(OTHERS[1:]):
        await add_key(store, sn, read_key(certificate(other)), f"key {number}")
    with pytest.raises(Unfit, match="which is the most"):
        await add_key(store, sn, read_key(certificate(OTHERS[0])), "one more")
    with pytest.raises(Unfit, match="no key 'gone'"):
        await remove_key(store, sn, "gone")


def test_a_certificate_is_read_and_nothing_else_of_its_file():
    private = RSA.as_pem(private=True)
    found = read_key(private + certificate(RSA) + certificate(EC))
    assert (found.name, set(found.jwk)) == ("pull print", {"kty", "n", "e"})
    assert (len(found.thumbprint), len(found.sha1)) == (43, 27)
    assert 0 < found.begins_at < found.expires_at
    assert read_key(certificate(EC, name="")).name
    public = read_key(RSA.as_pem(private=False))
    assert (public.thumbprint, public.sha1, public.expires_at) == (RSA.thumbprint(), "", 0)


@pytest.mark.parametrize(
    ("pem", "told"),
    [
        (b"", "no certificate"),
        (RSA.as_pem(private=True), "no certificate"),
        (certificate(RSA) + b" " * 70_000, "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "cannot be read"),
        (certificate(EC, days=-1), "has expired"),
        (certificate(ECKey.generate_key("P-384")), "RSA with 2048 to 8192 bits, or of the curve P-256"),
        (SHORT, "RSA with 2048 to 8192 bits"),
    ],
)
def test_what_is_no_key_to_trust(pem, told):
    with pytest.raises(Unfit, match=told):
        read_key(pem)
