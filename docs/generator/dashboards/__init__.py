"""The dashboards, one file each."""

from docs.generator.dashboards.bus import BUS
from docs.generator.dashboards.converters import CONVERTERS
from docs.generator.dashboards.fleet import FLEET
from docs.generator.dashboards.printer import PRINTER
from docs.generator.dashboards.way import WAY
from docs.generator.dashboards.webhooks import WEBHOOKS

DASHBOARDS = (FLEET, PRINTER, WAY, WEBHOOKS, CONVERTERS, BUS)
