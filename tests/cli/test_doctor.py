"""What `doctor` finds on a machine, each with what to do; a running installation is examined in tests/observability."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from nats.js.errors import ServiceUnavailableError

from libs.runtime.authority import Authority
from libs.runtime.keys import Keys
from libs.runtime.links import Link, write_link
from libs.runtime.settings import read
from services.cli.commandline import main
from services.cli.verbs import doctor
from services.converter.settings import ConverterSettings
from services.doctor import examination, surroundings
from services.doctor.finding import Level, well
from services.gateway.settings import GatewaySettings
from services.registry.settings import RegistrySettings


@pytest.fixture
def settings(tmp_path):
    return GatewaySettings(data_dir=tmp_path)


def only(findings):
    (found,) = findings
    return found


def test_a_full_disk_is_bad_and_says_which_setting(settings, monkeypatch):
    assert only(surroundings.disk(settings)).what == "disk"
    monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda _: SimpleNamespace(free=1, total=100))
    found = only(surroundings.disk(settings))
    assert found.level is Level.BAD
    assert "PRINTBUS_DATA_DIR" in found.todo


def test_keys_that_are_missing_or_open_to_everybody_are_bad(settings):
    assert "provision" in only(surroundings.keys(settings)).todo
    Keys(settings.keys_dir).make("local")
    assert only(surroundings.keys(settings)).level is Level.WELL
    Keys(settings.keys_dir).path("gateway.creds").chmod(0o644)
    found = only(surroundings.keys(settings))
    assert found.level is Level.BAD
    assert "gateway.creds" in found.says


def test_certificates_that_have_ended_or_soon_will_are_told(settings):
    Authority(settings.keys_dir).leaf(["printbus.example"])
    now = datetime.now(UTC)
    assert {each.level for each in surroundings.certificates(settings, now)} == {Level.WELL}
    assert {each.level for each in surroundings.certificates(settings, now + timedelta(days=365 * 200))} == {Level.BAD}


def test_links_that_cannot_be_read_or_that_everybody_can_read_are_bad(tmp_path):
    link = Link("us", ("us.example:7422",), "credentials", "authority", "c2VhbA==", "dXBsb2Fkcw==")
    for name, region in (("good", "us"), ("open", "asia"), ("own", "local")):
        write_link(replace(link, region=region), tmp_path / name)
    (tmp_path / "open").chmod(0o604)
    (tmp_path / "broken").write_text("{}")
    settings = GatewaySettings(data_dir=tmp_path, links=[tmp_path / name for name in ("good", "open", "own", "broken", "gone")])
    found = [(each.level, each.says) for each in surroundings.links(settings)]
    assert [level for level, _ in found] == [Level.WELL, *[Level.BAD] * 4]
    for (_, says), words in zip(
        found, ("with us", "everybody may read", "this region itself", "broken is no", "gone is no"), strict=True
    ):
        assert words in says
    assert surroundings.linked_regions(settings) == ["us", "asia"]


async def test_a_region_that_is_not_heard_is_told_and_is_no_fault_of_ours(monkeypatch):
    class Far:
        def __init__(self, _bus, bucket, _decode):
            self.heard = bucket.endswith("_us")

        async def follow(self):
            await asyncio.Event().wait()

    monkeypatch.setattr(examination, "Mirror", Far)
    monkeypatch.setattr(examination, "WITHIN", 0.05)
    found = [each async for each in examination.regions(None, ["us", "asia"])]
    assert [(each.level, each.says.partition(" ")[0]) for each in found] == [(Level.WELL, "us"), (Level.POOR, "asia")]
    assert "docs/runbooks/regions.md" in found[1].todo


async def test_hosts_of_settings_that_nobody_knows_are_bad(tmp_path):
    settings = GatewaySettings(data_dir=tmp_path, otlp_endpoint="http://collector.invalid:4318", public_url="http://127.0.0.1:1")
    found = {each.says.partition(",")[0].partition(" (")[0]: each async for each in surroundings.names(settings)}
    assert found["collector.invalid"].level is Level.BAD
    assert "PRINTBUS_OTLP_ENDPOINT" in found["collector.invalid"].says
    assert found["127.0.0.1"].level is Level.WELL


async def test_databases_are_asked_and_a_damaged_one_is_bad(tmp_path):
    settings = RegistrySettings(data_dir=tmp_path)
    assert [each.level async for each in surroundings.databases(settings)] == [Level.POOR] * 3
    for service in surroundings.DATABASES:
        (tmp_path / f"{service}.sqlite").write_bytes(b"")
    (tmp_path / "spooler.sqlite").write_bytes(b"this was a database once" * 100)
    found = {each.says.partition(".")[0]: each async for each in surroundings.databases(settings)}
    assert {name: each.level for name, each in found.items()} == {
        "registry": Level.WELL,
        "spooler": Level.BAD,
        "webhooks": Level.WELL,
    }


def test_clocks_that_differ_are_told():
    assert surroundings.clock("the bus", time.time()).level is Level.WELL
    found = surroundings.clock("the bus", time.time() - 3600)
    assert found.level is Level.BAD
    assert "3600 s ahead of that of the bus" in found.says


def test_fonts_and_programs_that_are_missing_name_their_package():
    assert {each.todo for each in surroundings.fonts([])} >= {"install the package fonts-noto-cjk."}
    assert only(surroundings.fonts(surroundings.FONTS)).level is Level.WELL
    lacking = ConverterSettings(soffice="/nowhere/soffice", chromium="/nowhere/chromium")
    assert {each.level for each in surroundings.programs(lacking)} == {Level.POOR}


def test_without_a_server_it_says_what_to_start(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(tmp_path))
    assert read(RegistrySettings).data_dir == tmp_path
    assert main(["doctor", "--json"]) == 1
    found = {each["what"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["bus"]["level"] == "bad"
    assert "start the server" in found["bus"]["todo"]
    assert found["keys"]["level"] == "bad"


def test_a_bus_that_has_no_leader_is_told_beside_everything_that_was_found(tmp_path, monkeypatch, capsys):
    async def over_the_bus(_settings):
        yield well("bus", "INTAKE is there")
        raise ServiceUnavailableError(code=503, description="no leader")

    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(doctor, "_over_the_bus", over_the_bus)
    assert main(["doctor", "--json"]) == 1
    found = [(each["what"], each["level"]) for each in json.loads(capsys.readouterr().out)]
    assert ("keys", "bad") in found
    assert found[-2:] == [("bus", "well"), ("bus", "bad")]
