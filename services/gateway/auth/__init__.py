"""Authentication schemes, one file each: who is it that asks?

A scheme is a module with `async def identify(request, directory) -> Identity | None`. None means: this is not a credential
of my kind, ask the next scheme. `Unidentified` means: it is of my kind, and it is bad; nobody else is asked. The schemes are
found by their files when the gateway starts.
"""

from collections.abc import Iterable
from typing import Protocol

from starlette.requests import Request

from services.gateway.directory import Directory
from services.gateway.domain import Identity


class Unidentified(Exception):
    """The credential is missing or bad: one sentence for whoever sent it, without the credential."""


class Scheme(Protocol):
    """One way to say who one is."""

    async def identify(self, request: Request, directory: Directory) -> Identity | None:
        """Who asks, or None. Raises `Unidentified`, or `Unanswered` when nobody can tell now."""
        ...


async def identify(request: Request, directory: Directory, schemes: Iterable[Scheme]) -> Identity:
    """Who asks, by the first scheme that knows the credential. Raises `Unidentified` and `Unanswered`."""
    for scheme in schemes:
        if identity := await scheme.identify(request, directory):
            return identity
    raise Unidentified("Send the token of your client in the header Api-Access-Token.")
