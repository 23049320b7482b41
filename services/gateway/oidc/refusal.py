"""Why a bearer token is not believed, in a sentence that shows nothing of it."""


class BadToken(Exception):
    """The token is not good here. `genuine`: its issuer did sign it, so it was no guess."""

    def __init__(self, message: str, *, genuine: bool = False) -> None:
        super().__init__(message)
        self.genuine = genuine


class NoKeys(Exception):
    """The issuer's keys cannot be had now, and none are remembered: nobody can tell yet."""
