"""Keys of applications from the command line."""

import base64

from joserfc.jwk import ECKey

from libs.contracts.directory import client_key
from tests.certificates import certificate


def test_keys_of_an_application(say, tmp_path):
    say.json("tenant", "add", "clinic")
    sn = say.json("application", "add", "--tenant", "clinic", "--name", "ERP")["sn"]
    key = ECKey.generate_key("P-256")
    file = tmp_path / "app.pem"
    file.write_bytes(key.as_pem(private=True) + certificate(key))
    added = say.json("application", "key", "add", sn, "--certificate", file)
    assert (added["name"], added["kind"], added["state"]) == ("pull print", "EC", "good")
    assert len(base64.urlsafe_b64decode(added["x5t"] + "=")) == 20
    (kept,) = say.entry(client_key(sn)).keys
    assert kept.thumbprint == added["thumbprint"]
    assert say.json("application", "key", "list", sn) == [{name: added[name] for name in added if name != "sn"}]
    assert say.json("application", "show", sn)["keys"] == ["pull print"]
    assert "has this key already" in say.sentence("application", "key", "add", sn, "--certificate", file, "--name", "again")
    assert "may sign" not in say("application", "key", "list", sn)[1]
    assert "cannot be read: No such file" in say.sentence("application", "key", "add", sn, "--certificate", tmp_path / "none.pem")
    assert "no application nobodyXX" in say.sentence("application", "key", "list", "nobodyXX")
    assert "is removed" in say("application", "key", "remove", sn, "pull print")[1]
    assert say.json("application", "key", "list", sn) == []
    audit = say("audit")[1]
    assert "app key added" in audit
    assert "app key removed" in audit
