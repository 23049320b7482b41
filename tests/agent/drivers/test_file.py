from dataclasses import replace
from pathlib import Path

from libs.contracts.devices import Receipt
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE, Stored
from tests.agent.orders import PDF, desk, order, task, withdrawal
from tests.waiting import until


def papers(folder: Path) -> list[str]:
    """Names in the order of printing."""
    return [path.name for path in sorted(folder.glob("*.pdf"), key=lambda path: path.stat().st_mtime)]


async def test_a_task_becomes_one_pdf_under_its_id(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(order(1))
        await at.ended()
        assert await at.kinds() == ["TaskTaken", "TaskPrinted"]
    assert (tmp_path / "paper" / f"{task(1)}.pdf").read_bytes() == PDF
    assert [path.name for path in (tmp_path / "paper").iterdir()] == [f"{task(1)}.pdf"]


async def test_a_file_is_called_after_what_is_in_it(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper", f"file://{tmp_path}/till?name=Till&raster=escpos") as at:
        assert (await at.device("Paper")).capabilities.formats == ("application/pdf", RAW_MEDIA_TYPE)
        till = (await at.device("Till")).capabilities
        assert (till.formats, till.receipt) == ((ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE), Receipt())
        await at.give(
            order(1, data=b"^XA\x00\xff^XZ", media_type=RAW_MEDIA_TYPE),
            order(2, printer="Till", data=b"\x1b@", media_type=ESCPOS_MEDIA_TYPE),
            order(3, printer="Till"),
            order(4, data=b"\x1b@", media_type=ESCPOS_MEDIA_TYPE),
        )
        await at.ended()
        for number in (3, 4):
            assert (await at.reports(number))[-1].reason == "unsupported-document-format"
    assert [path.name for path in (tmp_path / "paper").iterdir()] == [f"{task(1)}.raw"]
    assert (tmp_path / "paper" / f"{task(1)}.raw").read_bytes() == b"^XA\x00\xff^XZ"
    assert [path.name for path in (tmp_path / "till").iterdir()] == [f"{task(2)}.escpos"]


async def test_times_of_modification_strictly_follow_the_order_of_printing(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(*(order(number) for number in range(200, 0, -1)))
        await at.ended()
        assert [each.task for each in await at.reports() if each.kind == "TaskPrinted"] == [
            task(number) for number in range(200, 0, -1)
        ]
    assert papers(tmp_path / "paper") == [f"{task(number)}.pdf" for number in range(200, 0, -1)]


async def test_a_second_attempt_has_a_name_of_its_own(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(order(1))
        await at.ended()
        await at.give(order(1, attempt=2))
        await at.ended()
    assert papers(tmp_path / "paper") == [f"{task(1)}.pdf", f"{task(1)}.2.pdf"]


async def test_an_order_that_comes_again_is_printed_once(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(order(1))
        await at.give(order(1))
        await at.ended()
        await at.give(order(1), order(1))
        await at.ended()
        kinds = await at.kinds()
        assert (kinds[0], kinds[-2:], len(kinds)) == ("TaskTaken", ["TaskPrinted"] * 2, 5), "what is known of it is told each time"
    assert papers(tmp_path / "paper") == [f"{task(1)}.pdf"]


async def test_what_has_its_name_already_is_not_written_over(tmp_path):
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / f"{task(1)}.pdf").write_bytes(b"printed before a crash")
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(order(1))
        await at.ended()
    assert (tmp_path / "paper" / f"{task(1)}.pdf").read_bytes() == b"printed before a crash"


async def test_a_task_withdrawn_in_time_never_reaches_the_folder(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper", opened=False) as at:
        await at.give(order(1), order(2))
        await at.give(withdrawal(1))
        at.shop.open()
        await at.ended()
        assert await at.kinds(1) == ["TaskTaken", "TaskWithdrawn"]
        await at.give(withdrawal(2))
        assert await at.kinds(2) == ["TaskTaken", "TaskPrinted", "TaskTooLate"]
        await at.give(order(1))
        await at.ended()
    assert papers(tmp_path / "paper") == [f"{task(2)}.pdf"]


async def test_a_withdrawal_that_overtakes_its_order_leaves_a_tombstone(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(withdrawal(1), order(1), order(2), withdrawal(2))
        await at.ended()
        assert await at.kinds(1) == ["TaskWithdrawn", "TaskWithdrawn"], "also to who sends the order after it"
        assert await at.kinds(2) == ["TaskTaken", "TaskWithdrawn"]
        await at.give(order(1, attempt=2))
        await at.ended()
    assert papers(tmp_path / "paper") == [f"{task(1)}.2.pdf"]


async def test_expired_and_stale_orders_say_so(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(order(1, expires=1), order(2, valid_until=1))
        await at.ended()
        assert [(each.kind, each.stale) for each in await at.reports() if each.kind == "TaskExpired"] == [
            ("TaskExpired", True),
            ("TaskExpired", False),
        ]
    assert not papers(tmp_path / "paper")


async def test_a_folder_that_cannot_be_written_holds_its_tasks_and_goes_on_by_itself(tmp_path):
    (tmp_path / "paper").write_text("not a folder")
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper", f"file://{tmp_path}/other?name=Other") as at:
        await at.give(order(1), order(2, printer="Other"))
        await at.told("TaskPrinted", 2)
        assert "TaskPrinted" not in await at.kinds(1)
        (tmp_path / "paper").unlink()
        await at.told("TaskPrinted", 1)
    assert len(papers(tmp_path / "paper")) == len(papers(tmp_path / "other")) == 1


async def test_a_task_id_that_is_no_file_name_is_refused(tmp_path):
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper") as at:
        await at.give(replace(order(1), task="../escaped"))
        await at.ended()
        assert (await at.reports())[-1].reason == "aborted-by-system"
    assert not (tmp_path / "escaped.pdf").exists()


async def test_a_document_that_nobody_can_give_holds_its_task_which_can_be_withdrawn(tmp_path):
    asked = []

    async def locate(order):
        asked.append(order.task)
        raise OSError("nobody answers")

    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper", locate=locate) as at:
        await at.give(order(1, content=Stored("acme/x/printable", 4, "00")))
        await until(lambda: len(asked) > 1)
        assert await at.kinds() == ["TaskTaken"]
        await at.give(withdrawal(1))
        await at.ended()
        assert await at.kinds() == ["TaskTaken", "TaskWithdrawn"]
