"""Wrong settings stop the start with a sentence that names them."""

import json

import pytest

from libs.runtime.settings import SettingsError, read
from services.gateway.settings import OFF, GatewaySettings


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


def test_https_may_be_off_or_on_another_port(monkeypatch):
    assert read(GatewaySettings).https_port == 39900
    for given, port in (("off", OFF), ("OFF ", OFF), ("0", 0), ("8443", 8443)):
        monkeypatch.setenv("PRINTBUS_HTTPS_PORT", given)
        assert read(GatewaySettings).https_port == port


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBAPI_ORIGINS", '["*"]'), ("WEBAPI_ORIGINS", '["https://shop.example.org/"]'),
        ("WEBAPI_ORIGINS", '["shop.example.org"]'),
        ("WEBAPI_ORIGINS", '["https://shop.example.org:443"]'), ("WEBAPI_ORIGINS", "https://shop.example.org"),
        ("HTTP_NAMES", '["https://print.example.org"]'), ("HTTP_NAMES", '["a b"]'), ("HTTPS_PORT", "none"), ("HTTPS_PORT", "-7"),
    ],
)  # fmt: skip
def test_names_and_origins_are_checked(monkeypatch, name, value):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError, match=f"PRINTBUS_{name} is wrong"):
        read(GatewaySettings)


def test_the_serial_number_is_the_settings_or_the_folders(tmp_path):
    assert read(GatewaySettings, data_dir=tmp_path).own_sn == ""
    (tmp_path / "sn").write_text("jueKiUEE\n")
    assert read(GatewaySettings, data_dir=tmp_path).own_sn == "jueKiUEE"
    assert read(GatewaySettings, data_dir=tmp_path, sn="otherSN1").own_sn == "otherSN1"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"issuer": "login.example"}, "at issuer: write an address"),
        ({"audiences": []}, "at audiences: "),
        ({"tenant": ""}, "write either tenant"),
        ({"tenants": {"t": "main"}}, "write either tenant"),
        ({"algorithms": ["HS256"]}, "at algorithms: HS256 cannot be"),
        ({"algorithms": "none"}, "at algorithms: none cannot be"),
        ({"issuer": "https://login.example/{tid}"}, "needs tenants"),
        ({"clock_skew": 5}, "at clock_skew: Extra inputs"),
    ],
)
def test_an_issuer_that_cannot_be_is_named_with_what_is_wrong(wrong, sentence):
    good = {"issuer": "https://login.example", "audiences": ["api://printbus"], "tenant": "main"}
    assert read(GatewaySettings, oidc_issuers=[good]).oidc_issuers[0].names == ("https://login.example",)
    with pytest.raises(SettingsError, match="PRINTBUS_OIDC_ISSUERS is wrong") as caught:
        read(GatewaySettings, oidc_issuers=[{**good, **wrong}])
    assert sentence in str(caught.value)


def test_issuers_stand_in_a_variable_as_json(monkeypatch):
    entra = {
        "issuer": "https://login.microsoftonline.com/{tid}/v2.0",
        "audiences": "api://x",
        "tenants": {"t-1": "main", "t-2": "b"},
    }
    keycloak = {"issuer": "https://login.example", "audiences": ["x"], "tenant": "main", "claims": {"scopes": "scope"}}
    monkeypatch.setenv("PRINTBUS_OIDC_ISSUERS", json.dumps([entra, keycloak]))
    first, second = read(GatewaySettings).oidc_issuers
    assert first.names == ("https://login.microsoftonline.com/t-1/v2.0", "https://login.microsoftonline.com/t-2/v2.0")
    assert first.configuration(first.names[1]) == f"{first.names[1]}/.well-known/openid-configuration"
    assert (second.claims.scopes, second.claims.roles) == (("scope",), ("roles",))
