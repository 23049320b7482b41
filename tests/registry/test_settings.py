"""Where the registry finds its own client, and what it refuses."""

import pytest

from libs.runtime.settings import SettingsError, read
from services.registry.settings import RegistrySettings


def test_the_own_client_is_in_the_settings_or_in_the_data_folder(tmp_path):
    assert read(RegistrySettings, data_dir=tmp_path).own_sn == ""
    (tmp_path / "sn").write_text("jueKiUEE\n")
    (tmp_path / "token").write_text("secret\n")
    settings = read(RegistrySettings, data_dir=tmp_path)
    assert (settings.own_sn, settings.own_token) == ("jueKiUEE", "secret")
    settings = read(RegistrySettings, data_dir=tmp_path, sn="ABCDEFGH", api_token="other")
    assert (settings.own_sn, settings.own_token) == ("ABCDEFGH", "other")


#: Too few, the same again, a port that leaves none for the others, no port.
CLUSTERS = ('["a:1", "b:2"]', '["a:1", "a:1", "a:1"]', '["a:1", "b:2", "c:64000"]', '["a", "b", "c"]')
WRONG = [("SN", "short"), ("SN", "with.dot"), ("TENANT", "Has Blanks"), ("TENANT", "a.b"), ("PRESENCE_TIMEOUT", "0")]
WRONG += [("NATS_REPLICAS", "6"), *(("NATS_CLUSTER", value) for value in CLUSTERS)]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError, match=f"PRINTBUS_{name} is wrong"):
        read(RegistrySettings)
