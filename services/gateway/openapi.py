"""The gateway's HTTP interface as an OpenAPI document; `make docs` writes it to `docs/api/`."""

from typing import Any

from pydantic.json_schema import models_json_schema

from services.gateway.enrolment import Enrolment
from services.gateway.webapi import reference as pages
from services.gateway.webprinter.describing import commands as reference
from services.gateway.webprinter.describing import door as door_reference
from services.gateway.webprinter.describing import extensions, hooks

REF = "#/components/schemas/"
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


def openapi_document() -> dict[str, Any]:
    """The document; made of data alone, no service needs to run."""
    models = [(model, "serialization" if model is reference.Envelope else "validation") for model in _models()]
    _, schemas = models_json_schema(models, ref_template=REF + "{model}")  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Printbus gateway",
            "version": "1",
            "description": "Printing over HTTP. Events go to the callback address and are told on the bus (see AsyncAPI).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:39899", "description": "The default address (PRINTBUS_PUBLIC_URL)."}],
        "paths": {
            "/openapi": door_reference.path_item(REF, requests()),
            "/openapi/sendTmpFile": door_reference.upload_item(REF),
            **pages.paths(),
            "/enrol": _enrol(),
            "/documents/{token}": _documents(),
            "/healthz": _probe("healthz", "Whether the process lives.", {"200": "It does."}),
            "/readyz": _probe(
                "readyz", "Whether it may be used.", {"200": "It may.", "503": "Not yet; `problems` says what is missing."}
            ),
            "/metrics": {
                "get": {
                    "operationId": "metrics",
                    "summary": "Metrics for Prometheus.",
                    "responses": {"200": {"description": "Metrics as text.", "content": _TEXT}},
                }
            },
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "ApiAccessToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Api-Access-Token",
                    "description": "The token of a client; the name of the header may be written in any case.",
                },
                "Bearer": {"type": "http", "scheme": "bearer", "description": "The same token in the header Authorization."},
            },
        },
    }


def _models() -> tuple[Any, ...]:
    return (*requests(), *extensions.ANSWERS, *hooks.ANSWERS, *pages.ANSWERS, *door_reference.ANSWERS, reference.Envelope)


def requests() -> tuple[Any, ...]:
    """The models of all commands."""
    return (*reference.REQUESTS, *extensions.REQUESTS, *hooks.REQUESTS, *pages.REQUESTS)


def _enrol() -> dict[str, Any]:
    said = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
    refused = {"application/json": {"schema": said}}
    given = Enrolment.model_json_schema()
    return {
        "post": {
            "operationId": "enrol",
            "summary": "Make a machine an agent, by the enrolment token that `agent invite` gave out; `join` does it.",
            "security": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": given}}},
            "responses": {
                "200": {
                    "description": "Serial number, tenant, addresses of the bus, credentials and authority.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
                "400": {"description": "The body is not an enrolment.", "content": refused},
                "403": {"description": "The token is unknown, spent or expired.", "content": refused},
                "404": {"description": "The tenant is not there any more.", "content": refused},
                "409": {"description": "It cannot be enrolled like this.", "content": refused},
                "413": {"description": "The body is too large.", "content": refused},
                "429": {"description": "Too many wrong tokens came from there; `Retry-After` says when.", "content": refused},
                "503": {"description": "Nobody can tell now.", "content": refused},
            },
        }
    }


def _documents() -> dict[str, Any]:
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "get": {
            "operationId": "document",
            "summary": "A document of the store, by a signed address that is valid for ten minutes.",
            "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": "The document's bytes.", "content": binary},
                "403": {"description": "The address is not valid, or not any more.", "content": _TEXT},
                "404": {"description": "The document is not there any more.", "content": _TEXT},
            },
        }
    }


def _probe(name: str, summary: str, answers: dict[str, str]) -> dict[str, Any]:
    body = {"application/json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "responses": {status: {"description": what, "content": body} for status, what in answers.items()},
        }
    }
