"""A wrong setting is a sentence that names its variable, and never shows its value."""

import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import Field, SecretStr, field_validator

from libs.runtime.settings import Settings, SettingsError, read


class Sample(Settings):
    """Settings of each kind that the services have."""

    print_ahead: int = Field(50, ge=1, le=400, description="A number.")
    printers: tuple[str, ...] = Field((), description="A list.")
    networks: tuple[IPv4Network, ...] = Field((), description="A list of something.")
    pair: tuple[float, float] = Field((1.0, 5.0), description="A list of two.")
    weights: dict[str, int] = Field({}, description="An object.")
    secret: SecretStr = Field(SecretStr(""), description="A secret.")
    sn: str = Field("", description="Eight of them.")

    @field_validator("sn")
    @classmethod
    def _sn(cls, value: str) -> str:
        if value and len(value) != 8:
            raise ValueError("write exactly 8 letters and digits, such as jueKiUEE")
        return value


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PRINTBUS_")]:
        monkeypatch.delenv(name)


def test_without_an_environment_the_defaults_hold():
    settings = read(Sample)
    assert (settings.print_ahead, settings.region, settings.data_dir) == (50, "local", Path("data"))
    assert settings.credentials("spooler") == Path("data/keys/spooler.creds")


def test_what_is_set_is_read_lists_as_json(monkeypatch):
    monkeypatch.setenv("PRINTBUS_PRINT_AHEAD", "7")
    monkeypatch.setenv("PRINTBUS_PRINTERS", '["file:///paper?name=Paper"]')
    monkeypatch.setenv("PRINTBUS_NETWORKS", '["10.1.0.0/16"]')
    monkeypatch.setenv("PRINTBUS_NATS_CREDS", "/run/spooler.creds")
    settings = read(Sample)
    assert settings.print_ahead == 7
    assert settings.printers == ("file:///paper?name=Paper",)
    assert settings.networks == (IPv4Network("10.1.0.0/16"),)
    assert settings.credentials("spooler") == Path("/run/spooler.creds")


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    for name in ("PRINT_AHEAD", "PRINTERS", "PAIR", "LOG_LEVEL", "NATS_CREDS"):
        monkeypatch.setenv(f"PRINTBUS_{name}", "")
    settings = read(Sample)
    assert (settings.print_ahead, settings.printers, settings.log_level, settings.nats_creds) == (50, (), "info", None)


def test_what_is_given_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("PRINTBUS_PRINT_AHEAD", "7")
    assert read(Sample, print_ahead=8).print_ahead == 8


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PRINT_AHEAD", "0", "PRINTBUS_PRINT_AHEAD is wrong: write 1 or more."),
        ("PRINT_AHEAD", "many", "PRINTBUS_PRINT_AHEAD is wrong: write a whole number, such as 10."),
        ("PRINTERS", "file:///paper", 'PRINTBUS_PRINTERS is wrong: write it as JSON, a list such as ["one", "two"].'),
        ("PRINTERS", '["file:///paper"', "PRINTBUS_PRINTERS is wrong: write it as JSON"),
        ("PRINTERS", '{"a": 1}', 'PRINTBUS_PRINTERS is wrong: write it as JSON, a list such as ["one", "two"].'),
        ("PRINTERS", "[1]", "PRINTBUS_PRINTERS is wrong: write text, in quotation marks inside of JSON."),
        ("NETWORKS", '["ten"]', "PRINTBUS_NETWORKS is wrong: write networks such as 10.1.0.0/16."),
        ("PAIR", "[1]", "PRINTBUS_PAIR is wrong: write what is missing."),
        ("SN", "four", "PRINTBUS_SN is wrong: write exactly 8 letters and digits, such as jueKiUEE."),
        ("REGION", "Europe!", "PRINTBUS_REGION is wrong: write what the pattern ^[a-z0-9-]{1,32}$ allows."),
        ("LOG_FORMAT", "xml", "PRINTBUS_LOG_FORMAT is wrong: write 'console' or 'json'."),
        ("METRICS_PORT", "70000", "PRINTBUS_METRICS_PORT is wrong: write 65535 or less."),
        ("TRACE_RATIO", "2", "PRINTBUS_TRACE_RATIO is wrong: write 1 or less."),
        ("TRACE_RATIO", "nan", "PRINTBUS_TRACE_RATIO is wrong: write a number, such as 2.5."),
        ("SHUTDOWN_GRACE", "inf", "PRINTBUS_SHUTDOWN_GRACE is wrong: write a number, such as 2.5."),
        ("SHUTDOWN_GRACE", "0", "PRINTBUS_SHUTDOWN_GRACE is wrong: write more than 0."),
        ("NATS_URL", "nats://a,tls://b", "PRINTBUS_NATS_URL is wrong: write addresses that all begin with the same of nats://, "),
        ("NATS_URL", "localhost", "PRINTBUS_NATS_URL is wrong: write an address that begins with nats:// or "),
        ("DATABASE_URL", "mysql://u:secret@h/d", "PRINTBUS_DATABASE_URL is wrong: write an address that begins with postgresql://"),
        ("DOCUMENTS_URL", "ftp://h/secret", "PRINTBUS_DOCUMENTS_URL is wrong: write an address that begins with s3:// or "),
        ("OTLP_ENDPOINT", "collector:4318", "PRINTBUS_OTLP_ENDPOINT is wrong: write an address that begins with http://"),
        ("WEIGHTS", "three", 'PRINTBUS_WEIGHTS is wrong: write it as JSON, an object such as {"name": "value"}.'),
        ("WEIGHTS", "[]", 'PRINTBUS_WEIGHTS is wrong: write it as JSON, an object such as {"name": "value"}.'),
        ("CRASHPOINT", "no such:point", "PRINTBUS_CRASHPOINT is wrong: write the name of a point"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(monkeypatch, name, value, sentence):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError) as error:
        read(Sample)
    assert sentence in str(error.value)
    assert "secret" not in str(error.value)
    assert str(error.value).count("PRINTBUS_") == 1


def test_all_wrong_values_are_named_at_once(monkeypatch):
    monkeypatch.setenv("PRINTBUS_PRINT_AHEAD", "0")
    monkeypatch.setenv("PRINTBUS_SN", "four")
    with pytest.raises(SettingsError) as error:
        read(Sample)
    assert "PRINTBUS_PRINT_AHEAD is wrong" in str(error.value)
    assert "PRINTBUS_SN is wrong" in str(error.value)


def test_a_folder_and_every_cloud_may_hold_documents():
    for url in ("", "/srv/documents", "documents", "s3://bucket", "gs://bucket", "az://container"):
        assert read(Sample, documents_url=url).documents_url == url
