"""The converter's settings."""

import pytest

from libs.runtime.settings import SettingsError, read
from services.converter.settings import ConverterSettings


def test_networks_are_a_json_list(monkeypatch):
    monkeypatch.setenv("PRINTBUS_FETCH_ALLOW_NETWORKS", '["10.0.0.0/8", "fd00::/8"]')
    assert [str(network) for network in read(ConverterSettings).fetch_allow_networks] == ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FETCH_ALLOW_NETWORKS", '["10.0.0.1/8"]'),
        ("FETCH_ALLOW_NETWORKS", "10.0.0.0/8"),
        ("CONVERT_TIMEOUT", "0"),
        ("CONVERTER_LANES", "none"),
        ("ENGINE_MEMORY", "1000"),
    ],
)
def test_a_wrong_value_is_told_by_its_variable(monkeypatch, name, value):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError, match=f"PRINTBUS_{name}"):
        read(ConverterSettings)
