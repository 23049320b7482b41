"""What a new term does before anything else."""

from libs.contracts.streams import PRINT
from libs.contracts.tasks import PrinterRef
from services.spooler import handlers
from tests.spooler.deciding import deciding, printer
from tests.spooler.making import AGENT, converted, request, submission


async def test_a_term_looks_along_all_lines_however_many_there_are(tmp_path, monkeypatch, database_url):
    monkeypatch.setattr(handlers, "LINES", 2)
    printers = [printer(number).device for number in range(1, 6)]
    requests = [
        request(number, printer=PrinterRef(agent=AGENT, id=each.id, name=each.name)) for number, each in enumerate(printers, 1)
    ]
    async with deciding(tmp_path, database_url) as world:
        world.desk.withheld.update(each.id for each in printers)  # the term before came no further
        await world.submit(submission(*requests))
        await world.report(*(converted(each.id) for each in requests))
        assert world.taken(PRINT) == []
        world.desk.withheld.clear()
        await world.handlers.on_start()
        assert {order.printer for order in world.taken(PRINT)} == {each.id for each in printers}
