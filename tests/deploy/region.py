"""Installations as `provision` makes them, for what is deployed of them."""

from functools import cache
from pathlib import Path

from deploy.check import rendering
from deploy.contents import Source
from deploy.overlay import Overlay
from libs.runtime.keys import Keys
from libs.runtime.links import make_link, write_link
from services.embedded import provision
from services.registry.settings import RegistrySettings

#: Variables of stores that are elsewhere.
GIVEN = {
    "PRINTBUS_DATABASE_URL": "postgresql://printbus:hidden@database/printbus",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "AWS_REGION": "eu-central-1",
}


@cache
def overlay(name: str) -> Overlay:
    return Overlay(rendering.rendered(rendering.overlays()[name]))


def provisioned(folder: Path, name: str, others: tuple[Path, ...] = ()) -> Path:
    """The data folder of the region of an overlay."""
    settings = RegistrySettings(data_dir=folder, region=overlay(name).region, links=others)
    provision.make_keys(settings, provision.make_identity(settings).sn)
    return folder


def linked(folder: Path) -> dict[str, Source]:
    """The two regions of `multi-region`, each told of the other."""
    names, files = ("east", "west"), {}
    for own, other in (names, reversed(names)):
        data = provisioned(folder / own, f"multi-region/{own}")
        files[own] = folder / f"{own}-for-{other}.link"
        write_link(make_link(Keys(data / "keys"), own, (other,), overlay(f"multi-region/{own}").links), files[own])
    found = {}
    for own, other in (names, reversed(names)):
        data = provisioned(folder / own, f"multi-region/{own}", (files[other],))
        found[own] = Source(data, overlay(f"multi-region/{own}"), (files[other],), GIVEN)
    return found
