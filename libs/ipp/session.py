"""What a program and a printer say to each other: any operation, numbered, in the right order, over kept connections."""

import itertools
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from libs.ipp.address import Address
from libs.ipp.attributes import Attributes, Value
from libs.ipp.connection import Document, Patience
from libs.ipp.decoding import Limits, decode_response
from libs.ipp.encoding import encode
from libs.ipp.enums import READING, Status
from libs.ipp.errors import IppAnswerError, IppDecodeError, IppError
from libs.ipp.message import Group, Request, Response, Version
from libs.ipp.pool import Pool
from libs.ipp.tags import GroupTag
from libs.ipp.values import Charset, Name, NaturalLanguage, Uri

Given = Mapping[str, Value | Sequence[Value]]
"""Attributes to send: by name one value or several."""

_MAX_REQUEST_ID = 2**31 - 1
_FIRST_VERSION: Version = (1, 1)  # which every printer speaks


class Session:
    """A printer at an `ipp://` or `ipps://` URI; a user and password in it are sent as Basic credentials.

    `user` is the requesting-user-name. `verify` is False to take any certificate, or a context of one's own. `keep` is
    how long, in seconds, an idle connection is trusted; `connections` how many there may be at a time; `max_response`
    how many octets an answer may have, `limits` how many values. Methods raise IppError for an error status,
    IppConnectionError and its kin (whose `sent` says whether the printer may have acted) for everything between here and
    there, IppEncodeError for values that cannot be written. Every method may be canceled.
    """

    def __init__(
        self,
        uri: str,
        *,
        user: str = "anonymous",
        patience: Patience | None = None,
        verify: bool | ssl.SSLContext = True,
        connections: int = 4,
        keep: float = 5.0,
        max_response: int = 16 * 1024 * 1024,
        limits: Limits | None = None,
        version: Version = (2, 0),
    ) -> None:
        self.address = Address.parse(uri)
        self._user = user
        self._version = version
        self._patience = patience or Patience()
        self._limits = limits
        self._ids = itertools.count()
        self._pool = Pool(
            self.address,
            _context(verify) if self.address.secure else None,
            size=connections,
            keep=keep,
            patience=self._patience,
            limit=max_response,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections that are not in use."""
        await self._pool.close()

    async def request(
        self,
        operation: int,
        attributes: Given | None = None,
        groups: Sequence[Group] = (),
        document: Document | None = None,
        *,
        check: bool = True,
        timeout: float | None = None,  # noqa: ASYNC109 - of the answer alone; an upload has its own
    ) -> Response:
        """Any operation. `attributes` follow charset, language, printer-uri and requesting-user-name in the first group,
        and replace those two last; `groups` follow that group. With `check`, an error status raises IppError.
        """
        patience = self._patience if timeout is None else replace(self._patience, answer=timeout)
        spoken = self._version
        response = await self._ask(operation, attributes or {}, groups, document, patience)
        if response.status == Status.SERVER_ERROR_VERSION_NOT_SUPPORTED and spoken != _FIRST_VERSION:
            self._version = _FIRST_VERSION
            if document is None or isinstance(document, bytes):
                response = await self._ask(operation, attributes or {}, groups, document, patience)
        if check and not response.successful:
            raise IppError(response)
        return response

    async def _ask(
        self, operation: int, given: Given, groups: Sequence[Group], document: Document | None, patience: Patience
    ) -> Response:
        request = self._request(operation, given, groups)
        body = await self._pool.post(encode(request), document, reading=operation in READING, patience=patience)
        return _response(body, request, self._limits)

    def _request(self, operation: int, given: Given, groups: Sequence[Group]) -> Request:
        """Charset and language come first, then the target (RFC 8011 sections 4.1.4 and 4.1.5)."""
        target: dict[str, Value | Sequence[Value]] = {
            "attributes-charset": Charset("utf-8"),
            "attributes-natural-language": NaturalLanguage("en"),
            "printer-uri": Uri(self.address.uri),
        }
        if "job-id" in given:
            target["job-id"] = given["job-id"]
        attributes = Attributes({**target, "requesting-user-name": Name(self._user), **given})
        number = next(self._ids) % _MAX_REQUEST_ID + 1
        return Request(operation, number, (Group(GroupTag.OPERATION, attributes), *groups), self._version)


def _response(body: bytes, request: Request, limits: Limits | None) -> Response:
    try:
        response = decode_response(body, limits)
    except IppDecodeError as error:
        raise IppAnswerError(f"the answer is not IPP: {error}", sent=True) from error
    if response.request_id != request.request_id:
        raise IppAnswerError(f"the answer is to request {response.request_id}, not {request.request_id}", sent=True)
    return response


def _context(verify: bool | ssl.SSLContext) -> ssl.SSLContext:  # noqa: FBT001 - the caller's own parameter
    if isinstance(verify, ssl.SSLContext):
        return verify
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
