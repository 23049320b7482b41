"""The two addresses of this door, described for the published OpenAPI document: one for commands, one for uploads."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.webprinter.describing.commands import Described

#: Status -> when.
STATUSES = {
    200: "Processed; `success` tells whether it was done, and `message` why not.",
    400: "The body is no JSON object with a command.",
    401: "The token is missing, unknown, revoked or expired.",
    404: "This door is switched off.",
    405: "Another method than POST.",
    413: "The body is larger than MAX_BODY (of an upload: the file than MAX_UPLOAD).",
    415: "The body is compressed, as its header `Content-Encoding` says.",
    429: "Too many wrong tokens from this address; `Retry-After` says when to try again.",
    500: "A fault of the server.",
    503: "Not at the moment; the message says whether it may still be done. `Retry-After` says when to ask again.",
}


class UploadedFile(Described):
    """A file that was uploaded; `url` is printed with `mediaSource` URL, within a day and as often as one likes."""

    file_name: str
    file_size: str = Field(examples=["8137"], description="Bytes, as a text.")
    media_format: str = Field(examples=["PNG"], description="Told from the name or the bytes; empty: nobody can tell.")
    url: str = Field(description="unim://, an id of 12 characters, and a token.")


class Uploaded(Described):
    """The answer to an upload, which has a shape of its own."""

    file: UploadedFile
    success: Literal[True]


class Failure(Described):
    """An answer that something was not done."""

    success: Literal[False]
    message: str
    command: Literal["CALLBACK"]


ANSWERS: tuple[type[BaseModel], ...] = (Uploaded, Failure)


def path_item(ref: str, requests: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The door in OpenAPI's words, and its commands; schemas lie below `ref`."""
    envelope = {"application/json": {"schema": {"$ref": f"{ref}Envelope"}}}
    commands = {request.model_fields["command"].annotation.__args__[0]: request.__name__ for request in requests}  # type: ignore[union-attr]
    return {
        "post": {
            "operationId": "openapi",
            "summary": "One command of the Webprinter protocol.",
            "description": "Bodies are JSON, or what is meant as JSON (unquoted names, comments, GBK). Unknown keys are "
            "ignored, null means not set.",
            "security": [{"ApiAccessToken": []}, {"Bearer": []}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "oneOf": [{"$ref": f"{ref}{name}"} for name in commands.values()],
                            "discriminator": {
                                "propertyName": "command",
                                "mapping": {command: f"{ref}{name}" for command, name in commands.items()},
                            },
                        }
                    }
                },
            },
            "responses": {str(status): {"description": when, "content": envelope} for status, when in STATUSES.items()},
        }
    }


def upload_item(ref: str) -> dict[str, Any]:
    """The upload of a file in OpenAPI's words; schemas lie below `ref`."""
    failure = {"application/json": {"schema": {"$ref": f"{ref}Failure"}}}
    done = {"$ref": f"{ref}Uploaded"}
    body = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    answers = {str(status): {"description": when, "content": failure} for status, when in STATUSES.items()}
    answers["400"] = {"description": "The body is not the upload of one file.", "content": failure}
    answers["200"] = {
        "description": "Stored, or refused with a sentence (an empty file).",
        "content": {"application/json": {"schema": {"anyOf": [done, {"$ref": f"{ref}Failure"}]}}},
    }
    return {
        "post": {
            "operationId": "sendTmpFile",
            "summary": "Upload a file, to print it by its virtual address.",
            "security": [{"ApiAccessToken": []}, {"Bearer": []}],
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}},
            "responses": answers,
        }
    }
