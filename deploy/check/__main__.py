"""`make manifests`: renders and checks every overlay; the exit code is 1 when something is wrong, 2 when it cannot be told."""

import sys
from pathlib import Path

from deploy.check import checkov, rendering
from deploy.check.rules import found
from deploy.check.tools import Unavailable


def main() -> int:
    """Say of each overlay what is wrong."""
    wrong = 0
    try:
        for name, folder in rendering.overlays().items():
            wrong += _told(name, folder)
    except Unavailable as error:
        sys.stderr.write(f"manifests: {error}\n")
        return 2
    return 1 if wrong else 0


def _told(name: str, folder: Path) -> int:
    try:
        manifests = rendering.rendered(folder)
    except ValueError as error:
        sys.stdout.write(f"{name}: {error}\n")
        return 1
    findings = [*found(manifests), *checkov.check(manifests)]
    sys.stdout.write(f"{name}: {len(manifests)} objects, {len(findings) or 'nothing'} wrong\n")
    sys.stdout.writelines(f"  {finding}\n" for finding in findings)
    return len(findings)


if __name__ == "__main__":
    sys.exit(main())
