"""What the world has to hear is told in the end, whatever comes between."""

import pytest

from libs.contracts.agents import Heartbeat
from services.registry.herald import Herald
from services.registry.presence import Presence


class Broken:
    """A directory whose entries cannot be made: the database does not answer."""

    async def put(self, _key, _current):
        raise RuntimeError("the database does not answer")


async def test_who_came_while_the_database_was_away_is_told_later():
    presence = Presence(6.0)
    presence.hear(Heartbeat(region="local", tenant="clinic", agent="WARD0001", journal="j"))
    with pytest.raises(RuntimeError):
        await Herald(None, Broken(), presence, None, "local").watch_presence()
    assert presence.changes() == [("WARD0001", True)]
