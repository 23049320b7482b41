"""Wrong settings stop the start with a sentence that names them."""

import pytest

from libs.runtime.settings import SettingsError, read
from services.gateway.settings import GatewaySettings


def test_the_defaults_run_on_a_laptop(tmp_path):
    settings = read(GatewaySettings, data_dir=tmp_path)
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 39899)
    assert settings.document_key == tmp_path / "keys" / "documents.key"
    assert settings.seal_public_key == tmp_path / "keys" / "seal.pub"
    assert settings.zone.key == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TIME_ZONE", "Mars/Olympus"), ("TIME_ZONE", "../etc"), ("HTTP_PORT", "99999"), ("MAX_BODY", "1"), ("WORKER", "1024")],
)
def test_a_wrong_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError, match=f"PRINTBUS_{name} is wrong"):
        read(GatewaySettings)


def test_keys_may_lie_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("PRINTBUS_DOCUMENT_KEY_FILE", str(tmp_path / "a"))
    monkeypatch.setenv("PRINTBUS_SEAL_PUBLIC_KEY_FILE", str(tmp_path / "b"))
    settings = read(GatewaySettings)
    assert (settings.document_key, settings.seal_public_key) == (tmp_path / "a", tmp_path / "b")
