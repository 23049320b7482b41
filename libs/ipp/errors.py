"""What can go wrong between a program and a printer, and whether the printer may have acted on it."""

from typing import TYPE_CHECKING

from libs.ipp.enums import status_keyword

if TYPE_CHECKING:
    from libs.ipp.message import Response


class IppEncodeError(ValueError):
    """A message that cannot be written: the sentence names the attribute."""


class IppDecodeError(ValueError):
    """Bytes that are not an IPP message: the sentence says what is wrong and at which octet."""


class ClientError(Exception):
    """Every error that a request to a printer can raise.

    `sent` says whether the printer may have acted on the request. False is a promise that it did not: the same request
    may be made again. True means that nobody can tell from here, or that the printer answered.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class IppError(ClientError):
    """The printer answered with an error status."""

    def __init__(self, response: "Response") -> None:
        self.status = response.status
        self.keyword = status_keyword(response.status)
        self.response = response
        said = response.message
        super().__init__(f"{self.keyword}: {said}" if said else self.keyword, sent=True)


class IppConnectionError(ClientError):
    """The printer could not be reached, or the connection broke before its answer was complete."""


class IppTimeoutError(IppConnectionError):
    """The printer took longer than it was given."""


class IppAnswerError(IppConnectionError):
    """What came back was not an answer to the request."""


class HttpError(IppConnectionError):
    """An HTTP status other than 200 came instead of an IPP answer.

    A status of 300 to 499 means that the request was sent away before IPP saw it: `sent` is False.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status} instead of an IPP answer", sent=not 300 <= status < 500)
        self.status = status
