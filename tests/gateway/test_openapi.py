"""The OpenAPI document describes what is there, all of it."""

import json

from services.gateway.openapi import REF, openapi_document
from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.reading import ticket
from services.gateway.webprinter.reading.content import PAIRS
from tests.gateway.fakes import door


def references(value):
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key == "$ref")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_reference_leads_somewhere():
    document = openapi_document()
    assert {found.removeprefix(REF) for found in references(document)} <= set(document["components"]["schemas"])
    assert json.loads(json.dumps(document)) == document


def test_every_command_is_described():
    post = openapi_document()["paths"]["/openapi"]["post"]
    mapping = post["requestBody"]["content"]["application/json"]["schema"]["discriminator"]["mapping"]
    assert set(mapping) == set(COMMANDS) - {"listTask"}


def test_limits_and_formats_are_those_of_the_code():
    schemas = openapi_document()["components"]["schemas"]
    assert schemas["Config"]["properties"]["copies"]["anyOf"][0]["maximum"] == ticket.MAX_COPIES
    assert schemas["Config"]["properties"]["pagesPerSheet"]["anyOf"][0]["maximum"] == ticket.MAX_PER_SHEET
    assert set(schemas["Format"]["enum"]) == set(PAIRS)


async def test_every_path_is_there(tmp_path):
    async with door(tmp_path) as rig:
        served = {getattr(route, "path", "") for route in rig.app.routes}
    # Other spellings of a path, and paths that lead nowhere, are served and are no part of the interface.
    other = {path for path in served if path.endswith(("/", "{rest:path}")) and path != "/"}
    assert served - other == set(openapi_document()["paths"])
