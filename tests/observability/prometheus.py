"""A real Prometheus with the example's configuration and the rules, made quick, on a free port."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from demo.printers.port import Port
from libs.runtime import children
from tests.architecture.source import ROOT
from tests.waiting import until

FOLDER = ROOT / "deploy" / "prometheus"
#: Says how full the disk is.
OF_THE_MACHINE = {"BusNearlyFull"}


class Prometheus:
    """Asked over its HTTP API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def asked(self, what: str, **query: str) -> Any:
        """The data of an answer; None while it does not answer."""
        try:
            answer = await self._client.get(f"/api/v1/{what}", params=query)
        except httpx.TransportError:
            return None
        return answer.json()["data"] if answer.status_code == httpx.codes.OK else None

    async def up(self) -> bool:
        """Whether its targets answer, and every rule was evaluated well."""
        targets, rules = await self.asked("targets"), await self.asked("rules")
        found = [rule for group in rules["groups"] for rule in group["rules"]] if rules else []
        wrong = [(rule["name"], rule["lastError"]) for rule in found if rule["health"] == "err"]
        assert not wrong, wrong
        seen = {each["health"] for each in targets["activeTargets"]} if targets else set()
        return seen == {"up"} and bool(found) and all(rule["health"] == "ok" for rule in found)

    async def firing(self) -> set[str]:
        """The alerts that fire now, but for those that are of the machine that runs this test."""
        found = await self.asked("alerts")
        if not found:
            return set()
        return {each["labels"]["alertname"] for each in found["alerts"] if each["state"] == "firing"} - OF_THE_MACHINE


def quick_rules(alerts: set[str], limits: dict[str, str]) -> dict[str, Any]:
    """The rules, evaluated each second; these alerts fire at once, and `limits` are other numbers for what lasts long."""
    made: dict[str, Any] = yaml.safe_load((FOLDER / "printbus.rules.yml").read_text())
    for group in made["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if rule.get("alert") in alerts:
                rule.pop("for", None)
                for limit, other in limits.items():
                    rule["expr"] = rule["expr"].replace(limit, other)
    return made


@asynccontextmanager
async def prometheus(folder: Path, rules: dict[str, Any], *targets: str) -> AsyncIterator[Prometheus]:
    """It scrapes `targets` (host:port) each second."""
    folder.mkdir()  # noqa: ASYNC240 - once
    example = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    example["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (job,) = example["scrape_configs"]
    job["static_configs"] = [{"targets": targets}]
    (folder / "prometheus.yml").write_text(json.dumps(example))
    (folder / "printbus.rules.yml").write_text(json.dumps(rules))
    with Port() as port, (folder / "log").open("wb") as log:
        given = {
            "config.file": str(folder / "prometheus.yml"),
            "storage.tsdb.path": str(folder / "data"),
            "web.listen-address": f"127.0.0.1:{port.number}",
            "enable-feature": "exemplar-storage",
        }
        argv = ["prometheus", *(f"--{name}={value}" for name, value in given.items())]
        child = children.start(argv, env={**os.environ, "GOMAXPROCS": "1"}, stdout=log, stderr=log)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port.number}", trust_env=False, timeout=10) as client:
                made = Prometheus(client)
                try:
                    await until(made.up, 60, "Prometheus has scraped and evaluated", every=0.2)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{(folder / 'log').read_text()}") from None
                yield made
        finally:
            await asyncio.to_thread(children.stop, child, 10)
