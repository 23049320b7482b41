"""An examination of the machine: disk, keys, certificates, names, databases, fonts and programs."""

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from sqlalchemy import text

from libs.runtime.database import open_database
from libs.runtime.keys import Keys, exposed
from libs.runtime.links import BadLink, read_link
from libs.runtime.settings import Settings
from services.converter.fonts import installed
from services.converter.settings import ConverterSettings
from services.doctor.finding import Finding, bad, poor, well
from services.gateway.settings import GatewaySettings
from services.registry.settings import RegistrySettings

#: A certificate that ends so soon should have been made anew by now.
SOON = timedelta(days=14)
#: Share of a disk that should be free, and seconds that two clocks may differ before anything minds.
SPARE, APART = 0.1, 2.0
LOOKUP = 5.0
#: Font families that documents are set in, by the Debian package that brings them.
FONTS = {
    "noto sans cjk sc": "fonts-noto-cjk",
    "carlito": "fonts-crosextra-carlito",
    "caladea": "fonts-crosextra-caladea",
    "liberation sans": "fonts-liberation2",
}
DATABASES = ("registry", "spooler", "webhooks")


def disk(settings: GatewaySettings) -> Iterator[Finding]:
    """Room where the data lie."""
    folder = settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    says = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.1f} GB are free where {settings.data_dir} is"
    if usage.free < settings.min_free:
        yield bad("disk", f"{says}: doors refuse what is new", "make room, or set PRINTBUS_DATA_DIR to a larger disk.")
    elif usage.free < SPARE * usage.total:
        yield poor("disk", says, "make room before doors refuse what is new (PRINTBUS_MIN_FREE).")
    else:
        yield well("disk", says)


def keys(settings: Settings) -> Iterator[Finding]:
    """Credentials are there, and nobody else may read them."""
    folder = settings.keys_dir
    missing = [each for each in ("spooler.creds", "gateway.creds", "documents.key") if not Keys(folder).path(each).is_file()]
    if missing:
        yield bad("keys", f"{folder} has no {', '.join(missing)}", "run `python -m services provision`, or mount the Secret there.")
    elif found := exposed(folder):
        yield bad(
            "keys",
            f"everybody may read {', '.join(found[:5])} in {folder}",
            f"chmod go= {folder}/*; see docs/runbooks/secret-exposed.md.",
        )
    else:
        yield well("keys", f"{folder} is complete, and its owner's alone")


def certificates(settings: Settings, now: datetime) -> Iterator[Finding]:
    """None of the certificates beside the keys has ended or is about to."""
    for path in sorted(settings.keys_dir.glob("*.pem")):
        try:
            ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
        except ValueError:
            continue  # a key, or nothing of ours
        except OSError as error:
            yield bad("certificates", f"{path} cannot be read: {error.strerror}", "run this as the user that the server runs as.")
            continue
        if ends < now:
            yield bad(
                "certificates",
                f"{path.name} ended at {ends:%Y-%m-%d %H:%M} UTC",
                "delete it and start the server: it makes a new one.",
            )
        elif ends < now + SOON:
            yield poor(
                "certificates",
                f"{path.name} ends at {ends:%Y-%m-%d %H:%M} UTC",
                "let the server run: it renews its own certificates.",
            )
        else:
            yield well("certificates", f"{path.name} is good until {ends:%Y-%m-%d}")


def links(settings: Settings) -> Iterator[Finding]:
    """The files by which other regions are joined with this one can be read, and by nobody else."""
    for path in settings.links:
        try:
            link = read_link(path)
            open_to_all = bool(path.stat().st_mode & 0o007)
        except (BadLink, OSError) as error:
            yield bad("links", str(error), "say `python -m services link` in that region again, or mend PRINTBUS_LINKS.")
            continue
        if link.region == settings.region:
            yield bad("links", f"{path} was made by this region itself", "PRINTBUS_LINKS names files that others made for it.")
        elif open_to_all:
            yield bad("links", f"everybody may read {path}, which is a secret", f"chmod go= {path}")
        else:
            yield well("links", f"{path} joins this region with {link.region}")


def linked_regions(settings: Settings) -> list[str]:
    """The names of the other regions, as far as their files can be read."""
    found = []
    for path in settings.links:
        with suppress(BadLink):
            found.append(read_link(path).region)
    return [region for region in found if region != settings.region]


async def names(settings: GatewaySettings) -> AsyncIterator[Finding]:
    """Hosts that settings name can be found."""
    given = {
        "PRINTBUS_NATS_URL": settings.nats_url,
        "PRINTBUS_DATABASE_URL": settings.database_url,
        "PRINTBUS_OTLP_ENDPOINT": settings.otlp_endpoint,
        "PRINTBUS_PUBLIC_URL": settings.public_url,
    }
    hosts = {(name, host) for name, value in given.items() for each in value.split(",") if (host := urlsplit(each).hostname)}
    for name, host in sorted(hosts):
        try:
            async with asyncio.timeout(LOOKUP):
                await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError):
            yield bad("DNS", f"{host}, which {name} names, is not found", f"mend {name}, or the name servers of this machine.")
        else:
            yield well("DNS", f"{host} ({name}) is found")


async def databases(settings: RegistrySettings) -> AsyncIterator[Finding]:
    """Each answers, and keeps what it has promised."""
    for service in DATABASES if settings.database_url else ():
        opened = open_database(settings.database_url, settings.data_dir, service)
        try:
            async with opened.reading() as connection:
                found = {
                    name: (await connection.execute(text(f"SHOW {name}"))).scalar() for name in ("fsync", "synchronous_commit")
                }
                at = (await connection.execute(text("SELECT extract(epoch FROM clock_timestamp())"))).scalar()
        except Exception as error:  # noqa: BLE001 - whatever it is, the database does not answer
            yield bad(
                "database",
                f"PostgreSQL does not answer for {service} ({type(error).__name__})",
                "see whether it runs, and PRINTBUS_DATABASE_URL.",
            )
            return
        finally:
            await opened.close()
        off = [name for name, value in found.items() if value == "off"]
        if off:
            yield bad("database", f"PostgreSQL has {' and '.join(off)} off: a power cut loses what was promised", "switch it on.")
        else:
            yield well("database", f"PostgreSQL answers for {service}, and syncs what it commits")
        if service == DATABASES[0]:
            yield clock("the database", float(at or 0))
    for service in () if settings.database_url else DATABASES:
        path = settings.data_dir / f"{service}.sqlite"
        if not path.is_file():
            yield poor("database", f"{path} is not there yet", "start the server once: it makes it.")
            continue
        yield await _sqlite(settings.data_dir, service)


async def _sqlite(folder: Path, service: str) -> Finding:
    opened = open_database("", folder, service)
    try:
        async with opened.reading() as connection:
            found = (await connection.execute(text("PRAGMA quick_check(1)"))).scalar()
    except Exception as error:  # noqa: BLE001 - whatever it is, the database does not answer
        return bad(
            "database",
            f"{service}.sqlite does not answer ({type(error).__name__})",
            "see who holds it, and whether the disk is well.",
        )
    finally:
        await opened.close()
    if found != "ok":
        return bad("database", f"{service}.sqlite is damaged: {found}", "stop the server, and restore the file from a backup.")
    return well("database", f"{service}.sqlite answers, and is whole")


def clock(whose: str, theirs: float) -> Finding:
    """Another clock beside this one; both in seconds since 1970."""
    apart = time.time() - theirs
    if abs(apart) > APART:
        ahead = "ahead of" if apart > 0 else "behind"
        return bad(
            "clock",
            f"this machine's clock is {abs(apart):.0f} s {ahead} that of {whose}",
            "let both machines keep their time by NTP.",
        )
    return well("clock", f"this machine and {whose} agree about the time")


def fonts(present: Collection[str] | None = None) -> Iterator[Finding]:
    """What documents are set in; for machines that convert."""
    known = installed() if present is None else present
    missing = {family: package for family, package in FONTS.items() if family not in known}
    for family, package in missing.items():
        yield poor("fonts", f"the font {family.title()} is missing: pages look different", f"install the package {package}.")
    if not missing:
        yield well("fonts", "Chinese, Japanese and Korean, and the twins of Office's fonts are there")


def programs(settings: ConverterSettings) -> Iterator[Finding]:
    """What converts; for machines that do."""
    browser = settings.chromium or next((each for each in ("chromium-headless-shell", "chromium") if shutil.which(each)), "")
    if settings.soffice.is_file():
        yield well("engines", "LibreOffice is there")
    else:
        yield poor(
            "engines",
            f"{settings.soffice} is missing: no Office document is converted here",
            "install libreoffice-writer-nogui and its like.",
        )
    if browser and shutil.which(browser):
        yield well("engines", f"{Path(browser).name} is there")
    else:
        yield poor("engines", "there is no Chromium: no HTML is converted here", "install chromium-headless-shell.")


def today() -> datetime:
    """Now, as certificates have it."""
    return datetime.now(UTC)
