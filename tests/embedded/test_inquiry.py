"""Where verbs look for the bus of a server that runs here."""

import json

import pytest

from libs.runtime.settings import SettingsError
from services.embedded.inquiry import _own_address
from services.registry.settings import RegistrySettings


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "nats://127.0.0.1:4321"),
        ({"nats_tls_port": 4321}, "tls://127.0.0.1:4321"),
        ({"nats_tls_port": 4321, "nats_listen": "192.0.2.7"}, "tls://192.0.2.7:4321"),
        ({"nats_tls_port": 4321, "nats_listen": "::"}, "tls://[::1]:4321"),
    ],
)
def test_it_is_where_the_server_listens(tmp_path, given, address):
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "nats-server_1.ports").write_text(json.dumps({"nats": ["nats://10.0.0.1:4321"]}))
    assert _own_address(RegistrySettings(data_dir=tmp_path, **given)) == address


def test_without_one_the_sentence_says_what_to_start(tmp_path):
    with pytest.raises(SettingsError, match="No server runs in"):
        _own_address(RegistrySettings(data_dir=tmp_path))
