"""The folder of keys: made once, closed to others, completed when something is missing."""

import pytest
from nacl.public import PrivateKey, PublicKey

from libs.contracts.permissions import SERVICES, agent_permissions
from libs.runtime.closing import arrived
from libs.runtime.keys import ADMIN, DOCUMENT_KEY, SEAL_PRIVATE, SEAL_PUBLIC, Keys
from tests.waiting import until


@pytest.fixture
def folder(tmp_path):
    Keys(tmp_path / "keys").make("local")
    return tmp_path / "keys"


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_everything_is_there_and_closed_to_others(folder):
    names = set(contents(folder))
    assert {f"{user}.creds" for user in (ADMIN, *SERVICES)} <= names
    assert {DOCUMENT_KEY, SEAL_PUBLIC, SEAL_PRIVATE, "operator.seed", "account.seed", "system.seed"} <= names
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_keys_are_made_once_and_credentials_are_signed_anew(folder):
    before = contents(folder)
    Keys(folder).make("local")
    after = contents(folder)
    assert {name: data for name, data in before.items() if not name.endswith(".creds")} == {
        name: data for name, data in after.items() if not name.endswith(".creds")
    }
    assert before.keys() == after.keys()


def test_what_is_missing_is_made_and_nothing_else(folder):
    before = contents(folder)
    for name in (DOCUMENT_KEY, "webhooks.creds"):
        (folder / name).unlink()
    Keys(folder).make("local")
    after = contents(folder)
    assert after[DOCUMENT_KEY] != before[DOCUMENT_KEY]
    assert after["operator.seed"] == before["operator.seed"]
    assert after[SEAL_PRIVATE] == before[SEAL_PRIVATE]
    assert (folder / "webhooks.creds").exists()


def test_the_sealing_keys_belong_together(folder):
    private = PrivateKey((folder / SEAL_PRIVATE).read_bytes())
    assert private.public_key == PublicKey((folder / SEAL_PUBLIC).read_bytes())
    (folder / SEAL_PRIVATE).unlink()  # as when the making was interrupted between the two
    Keys(folder).make("local")
    private = PrivateKey((folder / SEAL_PRIVATE).read_bytes())
    assert private.public_key == PublicKey((folder / SEAL_PUBLIC).read_bytes())


async def test_an_agent_is_let_in_with_what_was_issued_and_has_an_inbox_of_its_own(rig):
    for agent in ("agentAAA", "agentBBB"):
        path = rig.keys.issue(agent, agent_permissions("local", 0, "main", agent))
        assert path.stat().st_mode & 0o777 == 0o600
    first, second = await rig.connect("agentAAA"), await rig.connect("agentBBB")
    heard = []

    async def hear(message) -> None:
        heard.append(message.data)

    errors = []

    async def note(error) -> None:
        errors.append(str(error))

    second.client._error_cb = note
    await second.client.subscribe("_INBOX.agentAAA.>", cb=hear)
    await second.client.subscribe("_INBOX.>", cb=hear)
    await until(lambda: len(errors) == 2, what="both are denied")
    own = []

    async def mine(message) -> None:
        own.append(message.data)

    await first.client.subscribe("_INBOX.agentAAA.own", cb=mine)
    await arrived(first.client)
    admin = await rig.connect(ADMIN)
    await admin.client.publish("_INBOX.agentAAA.own", b"for you")
    await until(lambda: own == [b"for you"])
    assert not heard


async def test_the_same_seed_serves_after_credentials_were_signed_anew(rig):
    before = await rig.connect("gateway")
    rig.keys.make("local")
    after = await rig.connect("gateway")
    assert before.connected
    assert after.connected
