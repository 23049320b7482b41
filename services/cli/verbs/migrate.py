"""`migrate`: bring the tables of all services with a database up to date, before services of a new version start."""

from argparse import ArgumentParser, Namespace

import structlog

from libs.runtime.database import database
from libs.runtime.logs import configure
from libs.runtime.settings import Settings, read
from services.registry.store import MIGRATIONS as REGISTRY
from services.spooler.app import MIGRATIONS as SPOOLER
from services.webhooks.app import MIGRATIONS as WEBHOOKS

log = structlog.get_logger()

SUMMARY = "bring the tables of all databases up to date, as services do it at their start"
OWNERS = {"registry": REGISTRY, "spooler": SPOOLER, "webhooks": WEBHOOKS}


def declare(parser: ArgumentParser) -> None:
    """It takes nothing: settings say everything."""
    parser.set_defaults(run=run)


async def run(_said: Namespace) -> int:
    """One service after another; one that is up to date is left alone. Raises the database's errors."""
    settings = read(Settings)
    configure(settings.log_format, settings.log_level)
    for service, migrations in OWNERS.items():
        async with database(settings.database_url, settings.data_dir, service, migrations):
            log.info("tables are up to date", service=service)
    return 0
