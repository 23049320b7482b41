"""A running installation as those who watch over it see it: `doctor`, what tests the way, and the audit log."""

import httpx
import pytest

from services.cli.office import office as records
from services.cli.verbs import doctor
from services.doctor.finding import Level
from tests.integration.installation import installation
from tests.waiting import until


@pytest.mark.timeout(120)
async def test_a_running_server_is_examined_tests_its_way_and_remembers_who_meddled(tmp_path, monkeypatch):
    settings = {"CONVERTER_ENGINES": '["text", "raw"]', "CANARY_PERIOD": "1", "CANARY_PATIENCE": "20"}
    settings["PUBLIC_URL"] = "https://print.nowhere.invalid"  # which only the world reaches
    async with installation(tmp_path, [f"file://{tmp_path}/paper?name=Paper"], **settings) as office:
        for name, value in office.environment().items():
            if name.startswith("PRINTBUS_"):
                monkeypatch.setenv(name, value)
        await office.start()
        await office.device("Paper")
        await _comes_back(office)
        large = await office.submit("Paper", content=" ".join(str(number**2) for number in range(9_000)))
        await office.reaches(large, "FINISHED")
        assert next((office.folder / "paper").glob("*.pdf")).stat().st_size > 8 * 1024, "the agent fetched it from beside itself"
        await office.call("pauseDevice", deviceName="Paper")
        await office.call("resumeDevice", deviceName="Paper")
        async with records() as desk:
            rows = await desk.store.audited(0)
        assert [(row.action, row.what) for row in rows][-2:] == [
            ("printer paused", f"{office.sn}/Paper"),
            ("printer resumed", f"{office.sn}/Paper"),
        ]
        found = [each async for each in doctor.everything()]
        _is_examined(found)


async def _comes_back(office):
    async def told():
        answer = await client.get("/metrics")
        lines = dict(line.rpartition(" ")[::2] for line in answer.text.splitlines() if not line.startswith("#"))
        return lines if float(lines.get('gateway_canary_seconds_count{outcome="printed"}', 0)) >= 1 else None

    async with httpx.AsyncClient(base_url=office.url, trust_env=False) as client:
        lines = await until(told, what="what tests the way comes back", every=0.2)
    assert (float(lines["gateway_canary_sites"]), float(lines["gateway_canary_silent"])) == (1, 0)
    assert 'gateway_canary_seconds_count{outcome="late"}' not in lines
    assert not [name for name in lines if name.startswith("spooler_tasks_ended_total")], "it is in nobody's accounts"
    assert await office.statuses() == {}
    assert not list((office.folder / "paper").glob("*"))


def _is_examined(found):
    """What `doctor` found; what this machine lacks may vary, so only what is well for certain is looked at."""
    wrong = {(each.what, each.says) for each in found if each.level is Level.BAD}
    assert {what for what, _ in wrong} == {"DNS", "converter lanes"}, wrong
    lanes = {says.rpartition(" ")[2] for what, says in wrong if what == "converter lanes"}
    assert lanes == {"html", "office", "image", "pdf"}
    well = {each.what for each in found if each.level is Level.WELL}
    assert {"disk", "keys", "bus", "ledger", "printers", "database", "clock"} <= well, well
    assert all(each.todo for each in found if each.level is not Level.WELL)
    (printers,) = [each.says for each in found if each.what == "printers" and each.level is Level.WELL]
    assert printers == "1 printers: 1 idle"
