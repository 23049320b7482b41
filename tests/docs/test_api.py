"""The API documents are whole: what they point to is there, and they are about the messages that exist."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from docs.generator import asyncapi
from libs.contracts import events
from libs.contracts.message import Message
from services.gateway.openapi import openapi_document

ASYNCAPI = asyncapi.document()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/"), reference
    for part in reference[2:].split("/"):
        document = document[part]
    return document


@pytest.mark.parametrize("document", [ASYNCAPI, openapi_document()], ids=["asyncapi", "openapi"])
def test_every_reference_points_to_something(document):
    found = list(references(document))
    assert found
    for reference in found:
        assert resolve(document, reference), reference


def test_the_yaml_is_the_document():
    assert yaml.safe_load(asyncapi.text()) == ASYNCAPI
    assert ASYNCAPI["asyncapi"] == "3.0.0"


def test_all_events_are_documented_and_nothing_else():
    own = {kind.__name__ for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Message)} - {"Message"}
    assert set(ASYNCAPI["components"]["messages"]) == own
    sent = {message["$ref"].rsplit("/", 1)[1] for each in ASYNCAPI["operations"].values() for message in each["messages"]}
    assert sent == own


@pytest.mark.parametrize("kind", [kind for group in asyncapi.EVENTS.values() for kind in group], ids=lambda kind: kind.__name__)
def test_an_event_has_its_subject_its_id_and_a_summary(kind):
    channel = ASYNCAPI["channels"][kind.__name__[0].lower() + kind.__name__[1:]]
    wanted = kind.SUBJECT.replace("{task.id}", "{task}").replace("{device.id}", "{device}").replace("{task.", "{")
    assert channel["address"] == wanted
    assert set(channel["parameters"]) == {part.strip("{}") for part in wanted.split(".") if part.startswith("{")}
    message = ASYNCAPI["components"]["messages"][kind.__name__]
    assert kind.ID in message["headers"]["properties"]["Nats-Msg-Id"]["description"]
    assert message["summary"].endswith(".")


def test_a_reader_may_rely_on_every_field_that_was_there_from_the_start():
    for name in ("NewTask", "UpdateTaskStatus", "EndTask"):
        schema = ASYNCAPI["components"]["schemas"][name]
        assert {"region", "task", "at"} <= set(schema["required"])
        assert schema["properties"]["kind"]["const"] == name
        assert "description" in schema


def test_no_secret_and_no_content_is_among_the_public_fields():
    names = {name for schema in ASYNCAPI["components"]["schemas"].values() for name in schema.get("properties", {})}
    assert not names & {"content", "sealed", "token", "headers", "url", "data"}
