"""Every setting is explained, and means the same to everybody who reads it."""

from collections import defaultdict

import pytest

from docs.generator import settings
from docs.generator.settings import CLASSES, MADE_AT_START, rows
from tests.architecture.source import present_services

#: What was promised to be settable.
PROMISED = [
    "DATA_DIR",
    "HTTP_HOST",
    "HTTP_PORT",
    "NATS_URL",
    "DATABASE_URL",
    "SN",
    "API_TOKEN",
    "OPENAPI_ENABLED",
    "CALLBACK_URL",
    "CALLBACK_TIMEOUT",
    "CALLBACK_BACKOFF",
    "PRINTERS",
    "FETCH_ALLOW_NETWORKS",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "PUBLIC_URL",
    "TIME_ZONE",
    "REGION",
    "NATS_CREDS",
    "NATS_PORT",
    "DOCUMENTS_URL",
    "METRICS_PORT",
    "OTLP_ENDPOINT",
    "DOCUMENT_KEY_FILE",
    "SEAL_PUBLIC_KEY_FILE",
    "SEAL_PRIVATE_KEY_FILE",
    "MAX_BODY",
    "CONVERT_TIMEOUT",
    "CONVERTER_LANES",
    "RETENTION",
    "PRINT_AHEAD",
    "HEAD_WAIT",
    "FINISH_GRACE",
    "SHUTDOWN_GRACE",
    "UNKNOWN_POLICY",
    "CRASHPOINT",
]


def test_every_service_is_in_the_table():
    assert {folder.name for folder in present_services()} == set(CLASSES)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.service}-{row.variable}")
def test_a_setting_has_a_description_that_is_a_sentence(row):
    assert len(row.description) > 10
    assert row.description.endswith(".")
    assert row.description[0].isupper()


def test_what_was_promised_can_be_set():
    assert {f"PRINTBUS_{name}" for name in PROMISED} <= {row.variable for row in rows()}


def test_a_variable_has_one_kind_and_one_default_whoever_reads_it():
    said = defaultdict(set)
    for row in rows():
        said[row.variable].add((row.kind, row.default))
    assert {variable: each for variable, each in said.items() if len(each) > 1} == {}


def test_defaults_of_the_machine_are_told_in_words():
    made = {name for kind in CLASSES.values() for name, field in kind.model_fields.items() if field.default_factory is not None}
    assert made == set(MADE_AT_START)


def test_every_variable_is_in_the_page_once():
    page = settings.text()
    for variable in {row.variable for row in rows()}:
        assert page.count(f"| `{variable}` |") == 1
