"""An answer of the token endpoint that is an error (RFC 6749 section 5.2)."""

from collections.abc import Mapping


class Refusal(Exception):
    """`error` is the code of RFC 6749; the sentence shows nothing of a secret."""

    def __init__(self, error: str, message: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.status = status
        self.headers = dict(headers or {})
