"""Row 20: paper out, cover open, toner low, then fixed."""

import time

import pytest

from tests.faults.rig.ippfake import FakePrinter
from tests.faults.rig.shopfloor import shopfloor
from tests.waiting import until
from tests.webhooks.receivers import receiver

#: How soon a reason is to be seen everywhere, in seconds.
SOON = 5.0
#: What a printer is when nothing is the matter.
CALM = ("OK", "PRINTING")


@pytest.mark.row(20)
@pytest.mark.timeout(180)
async def test_row_20_a_reason_is_seen_everywhere_and_printing_goes_on_by_itself(row, tmp_path):
    settings = {"CONVERTER_ENGINES": '["text"]', "WEBHOOK_ALLOW_NETWORKS": '["127.0.0.1/32"]'}
    async with (
        FakePrinter("Office", row.history("Office")) as printer,
        receiver() as ears,
        shopfloor(row, tmp_path, [printer.entry], **settings) as at,
    ):
        await at.server.device("Office")
        await at.server.call("addEndpoint", url=ears.url, events=["device"])
        task = await at.submit("Office", "\f".join(f"page {number}" for number in range(1, 11)))
        printer.second_per_page = 0.05
        await until(lambda: printer.jobs and printer.jobs[1].impressions >= 2, 30, "two pages are on paper", every=0.01)
        row.did("A task of ten pages; after two of them: paper out, then a cover open; then toner low; each then fixed.")

        async def told(reason: str) -> bool:
            return any(reason in str(each.json.get("data", each.json)) for each in ears.requests)

        for reason, state, words in (
            ("media-empty-error", "PAPER_OUT", "no paper"),
            ("cover-open-error", "DOOR_OPEN", "a cover is open"),
        ):
            printer.stop(reason)
            begun = time.monotonic()
            shown, _ = await at.shows(task, state="processing-stopped", message=words)
            after_task = time.monotonic() - begun
            assert shown["reason"] == reason.removesuffix("-error")
            assert shown["pagesDone"] >= 2
            await until(lambda state=state: _has(at, state), 20, "the device says it", every=0.05)
            after_device = time.monotonic() - begun
            await until(lambda reason=reason: told(reason), 20, "an event says it", every=0.05)
            after_event = time.monotonic() - begun
            listed = next(each for each in await at.server.call("listTasks", extended=True) if each["taskId"] == task)
            assert words in listed["message"]
            assert max(after_task, after_device, after_event) <= SOON
            row.saw(
                f"{reason}: in getTask and listTasks after {after_task:.1f} s (“{shown['message']}”), in listDevices as {state} "
                f"after {after_device:.1f} s, in a DeviceEvent of a webhook after {after_event:.1f} s.",
                **{f"{state.lower()}_seconds": round(max(after_task, after_device, after_event), 1)},
            )
        printer.mend()
        begun = time.monotonic()
        done, _ = await at.shows(task, status="FINISHED")
        row.saw(
            f"Fixed: it printed on by itself and was done after {time.monotonic() - begun:.1f} s, all {done['pagesDone']} pages."
        )
        assert done["pagesDone"] == 10
        await until(lambda: _has(at), 20, "the device is well again")
        assert [job.impressions for job in printer.printed] == [10]

        printer.warn("toner-low-warning")
        begun = time.monotonic()
        other = await at.submit("Office", "toner is low")
        await until(lambda: _has(at, "TONER_LOW"), 20, "the device says it", every=0.05)
        await until(lambda: told("toner-low-warning"), 20, "an event says it", every=0.05)
        after = time.monotonic() - begun
        assert after <= SOON
        await at.shows(other, status="FINISHED")
        row.saw(f"toner-low-warning: in listDevices as TONER_LOW and in an event after {after:.1f} s; it printed all the same.")
    row.check()


async def _has(at, *states: str) -> bool:
    return [state for state in (await at.device("Office"))["states"] if state not in CALM] == list(states)
