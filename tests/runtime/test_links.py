"""What regions tell each other, and what their servers are told of it."""

import json
from dataclasses import asdict

import pytest

from libs.runtime.issuing import Issuer, told_keys
from libs.runtime.keys import Keys
from libs.runtime.links import BadLink, Link, Links, linked, make_link, read_link, write_link
from libs.runtime.natsserver import configuration

ADDRESS = "eu.print.example:7422"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Those of eu and of us."""
    made = []
    for region in ("eu", "us"):
        keys = Keys(tmp_path_factory.mktemp(region))
        keys.make(region)
        made.append(keys)
    return made


def test_a_link_is_a_secret_file_with_what_the_other_region_needs(keys, tmp_path):
    link = make_link(keys[0], "eu", ("us", "asia"), (ADDRESS,))
    path = tmp_path / "eu.link"
    write_link(link, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_link(path) == link
    assert linked([path]) == (link,)
    assert (link.region, link.addresses) == ("eu", (ADDRESS,))
    assert "NATS USER JWT" in link.credentials
    assert "CERTIFICATE" in link.authority
    assert "PRIVATE" not in link.authority
    assert make_link(keys[0], "eu", ("us",), ()).authority == "", "it listens for nobody"


def test_a_link_tells_the_public_keys_of_access_tokens_and_those_alone(keys, tmp_path):
    issuer = Issuer(keys[1].path(""))
    assert told_keys(make_link(keys[1], "us", ("eu",), ()).issuer) == ()
    issuer.make()
    link = make_link(keys[1], "us", ("eu",), ())
    assert [key.kid for key in told_keys(link.issuer)] == [key.kid for key in issuer.believed()]
    assert not any(key.is_private for key in told_keys(link.issuer))
    assert '"d"' not in link.issuer
    path = tmp_path / "us.link"
    told = asdict(link)
    for more in ({"later": "a field of a later version"}, {}):
        path.write_text(json.dumps({**told, **more}))
        assert read_link(path) == link
    del told["issuer"]
    path.write_text(json.dumps(told))
    assert told_keys(read_link(path).issuer) == (), "of a version before"


def test_what_is_no_link_file_is_named_and_not_shown(tmp_path):
    for number, text in enumerate(("", "[]", '{"region": "eu"}', '{"region": "eu", "secret": "canary", "addresses": []}')):
        path = tmp_path / f"{number}.link"
        path.write_text(text)
        with pytest.raises(BadLink, match=rf"{number}\.link is no link file, as `python -m services link` makes them") as bad:
            read_link(path)
        assert "canary" not in str(bad.value)
    with pytest.raises(BadLink, match=r"missing\.link is no link file"):
        read_link(tmp_path / "missing.link")


def test_two_files_of_one_region_are_one_too_many(keys, tmp_path):
    paths = [tmp_path / "a.link", tmp_path / "b.link"]
    for path in paths:
        write_link(make_link(keys[0], "eu", ("us",), (ADDRESS,)), path)
    with pytest.raises(BadLink, match="two link files are of the same region"):
        linked(paths)


@pytest.mark.parametrize(
    ("region", "listens", "by", "also_listens", "called"),
    [
        ("eu", True, "us", False, True),
        ("us", False, "eu", True, False),
        ("eu", True, "us", True, True),
        ("us", True, "eu", True, False),
    ],
)
def test_one_of_two_calls_the_other(region, listens, by, also_listens, called):
    link = Link(region, (ADDRESS,) if listens else (), "", "", "", "")
    assert link.dialed_by(by, listens=also_listens) is called


def test_a_server_that_is_joined_has_a_domain_and_finds_a_dead_line_in_seconds(keys, tmp_path):
    eu, us = keys
    of_us = make_link(us, "us", ("eu",), ())
    of_eu = make_link(eu, "eu", ("us",), (ADDRESS, "eu2.print.example:7423"))
    listens = configuration(eu, tmp_path, name="a", links=Links(eu, "eu", (ADDRESS, "eu2.print.example:7423"), (of_us,)), number=1)
    calls = configuration(us, tmp_path, name="b", links=Links(us, "us", (), (of_eu,)))
    assert 'listen: "0.0.0.0:7423"' in listens, "each server has its own address"
    assert "remotes" not in listens
    assert f'urls: ["tls://{ADDRESS}", "tls://eu2.print.example:7423"]' in calls
    assert of_eu.credentials not in calls, "they are in a file of their own"
    assert us.path("to-eu.creds").stat().st_mode & 0o777 == 0o600
    for told, region in ((listens, "eu"), (calls, "us")):
        assert f"domain: {region}" in told
        assert 'ping_interval: "5s"' in told
    alone = configuration(us, tmp_path, name="c", links=Links(us, "us", (), ()))
    assert "domain" not in alone
    assert "leafnodes" not in alone
    assert "ping_interval" not in alone
