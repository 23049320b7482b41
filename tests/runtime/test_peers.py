"""What the servers of a cluster are told of each other."""

import re
import subprocess

import pytest

from libs.runtime.keys import Keys
from libs.runtime.natsserver import Outside, binary, configuration
from libs.runtime.peers import Peers, copies

SERVERS = ("nats-1.example:4222", "127.0.0.1:4222", "[::1]:5222")


@pytest.fixture
def keys(tmp_path):
    made = Keys(tmp_path / "keys")
    made.make("local")
    return made


def test_each_server_hears_the_others_over_tls_and_with_a_password_that_all_have(keys, tmp_path):
    peers = Peers(keys, SERVERS)
    told = [
        configuration(keys, tmp_path, name="one", host="nats-1.example", port=4222, peers=peers, outside=Outside(tls_port=4223))
    ]
    told += [configuration(keys, tmp_path, name="two", port=4222, peers=Peers(keys, SERVERS))]
    told += [configuration(keys, tmp_path, name="three", host="::1", port=5222, peers=peers)]
    heard = [re.findall(r'listen: "(.*:[67]222)"', text) for text in told]
    assert heard == [["nats-1.example:6222"], ["127.0.0.1:6222"], ["[::1]:7222"]]
    passwords = {password for text in told for password in re.findall(r'password: "(\w+)"', text)}
    assert len(passwords) == 1
    assert len(passwords.pop()) == 48
    assert keys.path("routes.secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "conf").write_text(told[1])
    tried = subprocess.run([binary(), "-t", "-c", str(tmp_path / "conf")], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def test_three_servers_keep_each_message_three_times_unless_somebody_says_otherwise():
    assert (copies(SERVERS), copies(SERVERS, 1), copies((), 3), copies(())) == (3, 1, 3, 0)
