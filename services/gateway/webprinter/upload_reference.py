"""The upload of a file, described for the published OpenAPI document; what it does is in `uploads`."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.webprinter.reference import STATUSES, Described


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
            "security": [{"ApiAccessToken": []}],
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}},
            "responses": answers,
        }
    }
