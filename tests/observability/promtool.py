"""promtool at work on the rules: each test sees only the rules that it is about, so that many cost little."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.source import ROOT

RULES = ROOT / "deploy" / "prometheus" / "printbus.rules.yml"
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}
_RECORDS = {rule["record"]: rule for group in GROUPS for rule in group["rules"] if "record" in rule}


def needed(alert: str, interval: str) -> dict[str, Any]:
    """A file of rules with one alert and what it is made of, evaluated so often."""
    rule = ALERTS[alert]
    records = [each for name, each in _RECORDS.items() if name in rule["expr"]]
    groups = [("of", records), ("alert", [rule])] if records else [("alert", [rule])]
    return {"groups": [{"name": name, "interval": interval, "rules": rules} for name, rules in groups]}


def looked(series: Mapping[str, str], alert: str, at: Mapping[int, bool], step: int) -> dict[str, Any]:
    """A test in promtool's words: series with a sample each `step` seconds; second -> whether the alert fires then."""
    asked = [
        {
            "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0',
            "eval_time": f"{second}s",
            "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
        }
        for second, fires in at.items()
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    return {"interval": f"{step}s", "input_series": given, "promql_expr_test": asked}


def judged(folder: Path, evaluation: int, tests: Mapping[str, Sequence[dict[str, Any]]]) -> str:
    """What promtool says against these tests of each alert, its rules evaluated so often (in seconds); empty: nothing."""
    files = []
    for alert, of_it in tests.items():
        rules, file = folder / f"{alert}.rules.yml", folder / f"{alert}.tests.yml"
        rules.write_text(json.dumps(needed(alert, f"{evaluation}s")))
        asked = {"rule_files": [str(rules)], "evaluation_interval": f"{evaluation}s", "group_eval_order": ["of", "alert"]}
        file.write_text(json.dumps({**asked, "tests": list(of_it)}))
        files.append(file)
    done = subprocess.run(["promtool", "test", "rules", *files], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
