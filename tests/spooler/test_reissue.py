"""Orders that a stream lost are made again as they were made."""

from libs.contracts.reports import DocumentConverted
from libs.contracts.states import Stage
from libs.contracts.streams import CONVERT, PRINT
from services.spooler import materials, reissue, store
from services.spooler.reissue import Reissue
from services.spooler.task import Step
from tests.spooler.deciding import deciding
from tests.spooler.making import at_agent, converted, request, task


async def test_orders_come_again_in_their_order_and_what_waits_for_its_turn_does_not(tmp_path, database_url, monkeypatch):
    monkeypatch.setattr(reissue, "CHUNK", 2)
    sent = {"stage": Stage.FETCHABLE, "taken": False}
    converting = {"stage": Stage.TRANSFORMING, "step": Step.CONVERT, "conversions": 1, "engine": "text"}
    tasks = [
        at_agent(**sent, id="third", seq=1, ordered_at=20),
        at_agent(**sent, id="first", seq=9, ordered_at=10),
        at_agent(**sent, id="second", seq=3, priority=90, ordered_at=20),
        at_agent(**sent, id="last", seq=2, ordered_at=30),
        task(**converting, id="ordered", seq=4, ordered_at=5),
        task(**converting, id="waiting", seq=5, ordered_at=0),
    ]
    async with deciding(tmp_path, database_url) as world:
        async with world.database.transaction() as connection:
            await store.add(connection, tasks, [request(1, id=each.id) for each in tasks])
            done: list[DocumentConverted] = [converted(each.id) for each in tasks if each.step is Step.PRINT]
            await materials.keep_conversion(connection, done)
        again = Reissue(None, world.database, world.commit, world.desk)
        assert [await again._again(step, ":anew", told=True) for step in (Step.PRINT, Step.CONVERT)] == [4, 1]
        assert [order.task for order in world.taken(PRINT)] == ["first", "second", "third", "last"]
        assert [order.task for order in world.taken(CONVERT)] == ["ordered"]
