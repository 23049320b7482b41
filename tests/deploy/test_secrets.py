"""`python -m deploy.secrets` over what `provision` makes: every key that a manifest mounts is there, and nothing is shown."""

import base64
import io
import json

import pytest
import yaml
from cryptography import x509

from deploy.check.pods import containers
from deploy.check.rules.references import named
from deploy.contents import Missing, Source
from deploy.inventory import GIVEN as BY_OTHERS
from deploy.inventory import SECRETS
from deploy.secrets import collected, main
from tests.deploy.region import GIVEN, overlay


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    path = tmp_path_factory.mktemp("rendered") / "local.yaml"
    path.write_text(yaml.safe_dump_all(overlay("local").manifests))
    return ["--rendered", str(path)]


def test_every_key_of_every_secret_is_made(regions):
    made, left = collected(regions["east"])
    assert left == {"printbus-database-app": "others make it"}
    for container in containers(regions["east"].overlay.manifests):
        for kind, name, key in named(container):
            if kind == "Secret" and name in made:
                assert made[name].keys() >= set(SECRETS[name]) | ({key} if key else set()), name
    sn = made["printbus-own"]["sn"].decode()
    assert made["printbus-agent"].keys() == {"ca.pem", f"{sn}.creds"}
    assert made["printbus-links"].keys() == {"west.link"}


def test_no_secret_holds_more_than_it_is_for(regions):
    made, _ = collected(regions["west"])
    for name, contents in made.items():
        more = contents.keys() - set(SECRETS[name])
        assert more <= {
            "printbus-agent": {f"{made['printbus-own']['sn'].decode()}.creds"},
            "printbus-links": {"east.link"},
            "printbus-nats": {"link.pem", "link.key", "to-east.creds", "to-east.pem"},
        }.get(name, set()), name


def test_the_later_in_the_alphabet_calls(regions):
    east, west = (collected(regions[name])[0]["printbus-nats"] for name in ("east", "west"))
    assert "to-west.creds" not in east
    assert b"remotes" not in east["links.conf"]
    assert b"tls://links.east.print.example.org:7422" in west["links.conf"]
    assert b"/etc/nats/secret/to-east.creds" in west["links.conf"]
    assert str(regions["west"].data).encode() not in west["links.conf"]


def test_the_servers_certificate_is_good_for_all_their_names(regions):
    made, _ = collected(regions["east"])
    chain = x509.load_pem_x509_certificates(made["printbus-nats"]["nats.pem"])
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert {"printbus-nats-0.printbus-nats", "printbus-nats-2.printbus-nats", "bus.east.print.example.org"} <= set(names)
    authority = x509.load_pem_x509_certificate(made["printbus-gateway"]["ca.pem"])
    for leaf in ("nats.pem", "routes.pem", "link.pem"):
        own, issuer = x509.load_pem_x509_certificates(made["printbus-nats"][leaf])
        assert issuer == authority
        own.verify_directly_issued_by(authority)


def test_yaml_for_kubectl_says_all_and_a_terminal_nothing(local, rendered, monkeypatch, capsys):
    for variable in GIVEN:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(local))
    assert main(rendered) == 0
    out, err = capsys.readouterr()
    objects = {each["metadata"]["name"]: each for each in yaml.safe_load_all(out)}
    assert {each["metadata"]["namespace"] for each in objects.values()} == {"printbus"}
    assert base64.b64decode(objects["printbus-own"]["data"]["token"]) == (local / "token").read_bytes().strip()
    assert "printbus-documents is not among them: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and AWS_REGION" in err
    assert not objects.keys() & BY_OTHERS.keys()

    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", terminal)
    assert main(rendered) == 2
    assert terminal.getvalue() == ""


def test_files_are_for_their_owner_alone(local, rendered, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PRINTBUS_DATA_DIR", str(local))
    assert main([*rendered, "--out", str(tmp_path / "secrets.yaml")]) == 0
    assert main([*rendered, "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().out == ""
    for path in (tmp_path / "secrets.yaml", *(tmp_path / "store").iterdir()):
        assert path.stat().st_mode & 0o077 == 0
    told = json.loads((tmp_path / "store" / "gateway.json").read_text())
    assert base64.b64decode(told["documents.key"]) == (local / "keys" / "documents.key").read_bytes()


def test_what_is_missing_is_said(local, rendered, monkeypatch, capsys, tmp_path):
    def refused(arguments, data):
        monkeypatch.setenv("PRINTBUS_DATA_DIR", str(data))
        assert main(arguments) == 1
        out, err = capsys.readouterr()
        assert out == ""
        return err

    assert "there is no overlay lokal: write one of" in refused(["lokal"], local)
    assert "run `python -m services provision` first" in refused(rendered, tmp_path)
    assert "set PRINTBUS_LINKS to the files" in refused([*rendered, "--only", "printbus-links"], local)
    assert "set AWS_ACCESS_KEY_ID" in refused([*rendered, "--only", "printbus-documents"], local)
    wrong = Source(local, overlay("multi-region/east"), (), GIVEN)
    with pytest.raises(Missing, match="are of the region local, and the overlay is east"):
        wrong.contents("printbus-gateway")


def test_a_file_that_is_no_link_is_named(local, tmp_path):
    (tmp_path / "west.link").write_text("{}")
    source = Source(local, overlay("local"), (tmp_path / "west.link",), GIVEN)
    with pytest.raises(Missing, match="is no link file"):
        source.contents("printbus-links")
