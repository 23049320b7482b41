"""What the servers of a cluster are told once their region is joined with others."""

from libs.runtime.keys import Keys
from libs.runtime.settings import read
from services.embedded.provision import make_configurations
from services.registry.settings import RegistrySettings

SERVERS = ("127.0.0.1:4222", "127.0.0.1:4223", "127.0.0.1:4224")


def test_a_cluster_that_is_joined_has_a_name_of_its_own_and_a_port_for_others_at_each_server(tmp_path):
    keys = Keys(tmp_path / "keys")
    keys.make("eu")

    def told(**given):
        settings = read(RegistrySettings, data_dir=tmp_path, region="eu", nats_cluster=SERVERS, **given)
        return [made.read_text() for made in make_configurations(settings, keys, tmp_path / "nats")]

    assert all("\nname: printbus\n" in text and "leafnodes" not in text for text in told())
    joined = told(link_addresses=("eu.example:7422", "eu.example:7423", "eu.example:7424"))
    assert all("\nname: printbus-eu\n" in text for text in joined), "two clusters of one name do not let each other in"
    assert all(f'listen: "0.0.0.0:742{2 + number}"' in text for number, text in enumerate(joined))
