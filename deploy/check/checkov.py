"""Checkov's own policies, from an environment of its own: a hundred packages that nothing else needs."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from deploy.check.environment import Environment
from deploy.check.findings import Finding, Manifest
from deploy.check.tools import ROOT, Unavailable

ENVIRONMENT = Environment(ROOT / ".setup" / "checkov", Path(__file__).with_name("checkov.lock"), patience=1200)
#: Policies that are not kept, and why.
EXCEPTIONS: Mapping[str, str] = {
    "CKV_K8S_15": "imagePullPolicy Always: a version is never given twice, and who has its image starts without the registry",
    "CKV_K8S_43": "images by digest: they are built by whoever installs; an overlay names the digests of what was built",
    "CKV_K8S_35": "secrets as files rather than variables: two services read an address and a token from their environment alone",
}


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """What checkov finds besides the exceptions. Raises `Unavailable`."""
    with tempfile.TemporaryDirectory(prefix="printbus-manifests-") as folder:
        path = Path(folder) / "manifests.yaml"
        path.write_text(yaml.safe_dump_all(manifests))
        argv = [
            str(ENVIRONMENT.program("checkov")),
            "-f",
            str(path),
            "--framework",
            "kubernetes",
            "--skip-download",
            "--compact",
            "--quiet",
            "-o",
            "json",
        ]
        argv += ["--skip-check", ",".join(EXCEPTIONS)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603
    try:
        told = json.loads(done.stdout)
    except ValueError:
        raise Unavailable(f"checkov said nothing that can be read: {done.stderr[-300:]}") from None
    for each in told.get("results", {}).get("failed_checks", ()):
        yield Finding(each["check_id"], each["resource"], each["check_name"])
