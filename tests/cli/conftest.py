"""The command line on a data folder of its own, in this process."""

import asyncio
import json

import pytest
import structlog

from libs.contracts.devices import Device
from libs.contracts.ids import device_id
from libs.contracts.reports import DevicesReported
from libs.runtime.settings import read
from services.cli.commandline import main
from services.embedded import provision
from services.registry import enrol, handlers
from services.registry.handlers import Registry
from services.registry.presence import Presence
from services.registry.settings import RegistrySettings


class Herald:
    def wake(self):
        pass


class Terminal:
    """Says things, and keeps what was written."""

    def __init__(self, capsys, settings):
        self._capsys = capsys
        self.settings = settings

    def __call__(self, *words):
        """(exit code, standard output, standard error)."""
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
        written = self._capsys.readouterr()
        return code, written.out, written.err

    def json(self, *words):
        """What it writes for machines; it goes well."""
        code, out, err = self(*words, "--json")
        assert (code, err) == (0, ""), err
        return json.loads(out)

    def sentence(self, *words):
        """The one sentence that refuses it."""
        code, out, err = self(*words)
        assert code == 1, (out, err)
        assert out == ""
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err.removeprefix("printbus: ").strip()

    def store(self, work):
        """What `work(store)` returns."""

        async def working():
            async with enrol.open_store(self.settings) as store:
                return await work(store)

        return asyncio.run(working())

    def report_devices(self, sn, tenant, *names):
        """As an agent reports its devices."""

        async def reporting(store):
            devices = tuple(Device(id=device_id(sn, name), name=name) for name in names)
            report = DevicesReported(region="local", tenant=tenant, agent=sn, devices=devices)
            await handlers.devices_reported(Registry(store, Presence(6), Herald()), report, 1)

        self.store(reporting)

    def entry(self, key):
        async def looking(store):
            return await store.entry(key)

        return self.store(looking)


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """`say("tenant", "add", "clinic")` on a folder that was provisioned."""
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(tmp_path))
    settings = read(RegistrySettings)
    identity = provision.make_identity(settings)
    provision.make_keys(settings, identity.sn)
    capsys.readouterr()
    before = structlog.get_config()
    yield Terminal(capsys, settings)
    structlog.configure(**before)  # the verbs write to a terminal that is gone after the test
