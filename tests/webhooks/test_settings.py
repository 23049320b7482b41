"""Wrong settings end the start with a sentence that names the variable."""

import pytest

from libs.runtime.settings import SettingsError, read
from services.webhooks.settings import WebhooksSettings


def test_the_defaults_are_those_of_the_protocol():
    settings = read(WebhooksSettings)
    assert (settings.callback_backoff, settings.callback_timeout, settings.callback_url) == ((1.0, 5.0), 10.0, "")
    assert settings.time_zone == "Asia/Shanghai"


def test_the_schedule_is_that_of_standard_webhooks_and_lasts_for_days():
    settings = read(WebhooksSettings)
    assert settings.webhook_schedule == (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert settings.webhook_disable_after > sum(settings.webhook_schedule) * (1 + settings.webhook_jitter)
    assert settings.webhook_allow_networks == ()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CALLBACK_URL", "ftp://example.org", "write an address such as"),
        ("CALLBACK_URL", "http://", "write an address such as"),
        ("CALLBACK_URL", "http://[half", "write an address such as"),
        ("CALLBACK_URL", "http://example.org:99999/", "write an address such as"),
        ("CALLBACK_BACKOFF", "[1]", "CALLBACK_BACKOFF"),
        ("CALLBACK_BACKOFF", "[-1, 5]", "two numbers from 0 to 3600"),
        ("CALLBACK_BACKOFF", "1,5", "CALLBACK_BACKOFF"),
        ("CALLBACK_TIMEOUT", "0", "CALLBACK_TIMEOUT"),
        ("CALLBACK_SECRET", "geheim", "write whsec_"),
        ("CALLBACK_SECRET", "whsec_AAAA", "write whsec_"),
        ("CALLBACK_IPS", '["2001:db8::1"]', "CALLBACK_IPS"),
        ("WEBHOOK_SCHEDULE", "[-1]", "such as [5, 300, 1800]"),
        ("WEBHOOK_SCHEDULE", "[1e9]", "such as [5, 300, 1800]"),
        ("WEBHOOK_SCHEDULE", "5, 300", "WEBHOOK_SCHEDULE"),
        ("WEBHOOK_PARALLEL", "1", "WEBHOOK_PARALLEL"),
        ("WEBHOOK_JITTER", "2", "WEBHOOK_JITTER"),
        ("WEBHOOK_ALLOW_NETWORKS", '["10.0.0.1/8"]', "WEBHOOK_ALLOW_NETWORKS"),
        ("TIME_ZONE", "Asia/Nowhere", "such as Europe/Berlin"),
        ("TIME_ZONE", "../etc/passwd", "such as Europe/Berlin"),
    ],
)
def test_a_wrong_value_is_answered_with_what_to_write(monkeypatch, name, value, sentence):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError) as raised:
        read(WebhooksSettings)
    assert f"PRINTBUS_{name}" in str(raised.value)
    assert sentence in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_a_list_of_pauses_is_json(monkeypatch):
    monkeypatch.setenv("PRINTBUS_CALLBACK_BACKOFF", "[0.5, 2]")
    assert read(WebhooksSettings).callback_backoff == (0.5, 2.0)


def test_the_serial_number_comes_from_the_variable_or_from_the_data_folder(tmp_path):
    assert read(WebhooksSettings, data_dir=tmp_path).own_sn == ""
    (tmp_path / "sn").write_text("jueKiUEE\n")
    assert read(WebhooksSettings, data_dir=tmp_path).own_sn == "jueKiUEE"
    assert read(WebhooksSettings, data_dir=tmp_path, sn="abcdefgh").own_sn == "abcdefgh"


def test_a_secret_does_not_show_itself():
    secret = "whsec_" + "QUJD" * 10
    assert secret not in repr(read(WebhooksSettings, callback_secret=secret))
