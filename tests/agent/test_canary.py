"""The printer that prints nothing: the whole way to the journal and back, seen by nobody."""

from tests.agent.orders import desk, order


async def test_what_tests_the_way_comes_back_and_is_no_device_and_nobodys_print(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as made:
        await made.device("Paper")
        await made.give(order(1, printer="\0canary"), order(2))
        told = await made.told("TaskPrinted", 1)
        assert (told.pages_done, told.confirmed) == (1, True)
        await made.ended()
        assert [each.name for each in made.shop.devices] == ["Paper"], "it stands in no report"
        assert (made.shop.at_printers(), made.shop.rated()) == ([], {})
        assert len(list((tmp_path / "paper").iterdir())) == 1
        counted = made.shop._meters._seconds.labels("printed")
        assert counted._sum.get() < 20
        assert sum(bucket.get() for bucket in counted._buckets) == 1, "only what was printed is a print"
