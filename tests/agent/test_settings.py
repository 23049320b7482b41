import pytest

from libs.contracts.devices import UnknownPolicy
from libs.runtime.settings import SettingsError, read
from services.agent.printer_uri import parse
from services.agent.printers import connect_all
from services.agent.settings import AgentSettings


def test_printers_are_a_json_list_of_addresses(monkeypatch):
    monkeypatch.setenv("PRINTBUS_PRINTERS", '["file:///paper?name=Paper", "socket://127.0.0.1:9100?name=Label"]')
    monkeypatch.setenv("PRINTBUS_UNKNOWN_POLICY", "reprint")
    settings = read(AgentSettings, sn="AGENT001")
    assert len(settings.printers) == 2
    assert settings.unknown_policy is UnknownPolicy.REPRINT


@pytest.mark.parametrize(("name", "value"), [("PRINTERS", "file:///paper"), ("SN", "short"), ("UNKNOWN_POLICY", "maybe")])
def test_a_wrong_setting_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"PRINTBUS_{name}", value)
    with pytest.raises(SettingsError, match=f"PRINTBUS_{name}"):
        read(AgentSettings)


def test_an_agent_without_a_serial_number_says_what_to_write(tmp_path):
    with pytest.raises(SettingsError, match="PRINTBUS_SN is missing"):
        _ = read(AgentSettings, data_dir=tmp_path).own_sn


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("gopher://x?name=A", "there is no driver for gopher://"),
        ("Paper", "there is no driver for nothing://"),
        ("file://elsewhere/paper", "does not name a folder of this machine"),
        ("ipp://host:port/x", "is not an address"),
        ("ipp:///ipp/print?name=A", "names its host"),
        ("socket://?name=A", "needs a host"),
        ("cups://", "needs a host"),
        ("cups://localhost/a/b", "is not a queue"),
        ("file:///paper?name=A&unknown=perhaps", "write unknown=ask, unknown=reprint or unknown=give-up"),
        ("file:///paper?name=A&partial=perhaps", "write partial=give-up, partial=continue or partial=reprint"),
        ("file:///paper?name=A&resume=some", "write resume=all"),
        ("file:///paper?name=A&grace=soon", "write a number of seconds"),
        ("ipp://h/ipp/print?name=A&verify=maybe", "write verify=true or verify=false"),
        ("ipp://h/ipp/print?name=A&raw=1", "write raw=true or raw=false"),
        ("socket://h?name=A&raster=zpl", "write raster=escpos"),
        ("socket://h?name=A&width=576", "add raster=escpos"),
        ("socket://h?name=A&raster=escpos&width=wide", "a number of dots from 64 to 4096, as width=576"),
        ("socket://h?name=A&raster=escpos&dpi=7", "dots per inch from 60 to 1200"),
        ("socket://h?name=A&raster=escpos&cut=off", "write cut=none or cut=partial or cut=full"),
        ("socket://h?name=A&raster=escpos&dither=none", "write dither=diffusion or dither=threshold"),
        ("socket://h?name=A&raster=escpos&drawer=open", "write drawer=true or drawer=false"),
        ("socket://h?name=A&raster=escpos&format=application/pdf", "format=application/pdf .*: leave it out"),
        ("socket://h?name=A&raster=escpos&raw=false", "raw=false .*: leave it out"),
        ("cups://localhost?raster=escpos", "write cups://localhost:631/QUEUE"),
    ],
)
async def test_a_wrong_printer_says_what_to_write_instead(uri, sentence):
    with pytest.raises(ValueError, match=sentence):
        connect_all([uri])


async def test_two_printers_cannot_have_one_name():
    with pytest.raises(ValueError, match="two printers are named A"):
        connect_all(["file:///one?name=A", "file:///two?name=A"])


def test_our_parameters_are_taken_out_of_the_printer_s_address():
    uri = parse("ipp://user:secret@host:8631/ipp/print?name=Front%20desk&waitjob=false&unknown=give-up&raw=yes", grace=7)
    assert uri.uri == "ipp://user:secret@host:8631/ipp/print?waitjob=false"
    assert (uri.name, uri.unknown, uri.grace, uri.untouched) == ("Front desk", UnknownPolicy.GIVE_UP, 7, True)
    assert parse("ipp://host/ipp/print").name == "print"


def test_a_password_is_not_repeated_in_a_complaint():
    with pytest.raises(ValueError, match="ipp://host") as caught:
        parse("ipp://user:secret@host/ipp/print?unknown=x")
    assert "secret" not in str(caught.value)
