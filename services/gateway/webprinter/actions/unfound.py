"""What the services behind the door do not find, told with the field that named it."""

from collections.abc import Iterator
from contextlib import contextmanager

from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.webprinter.envelope import Rejected


@contextmanager
def naming(field: str, instead: str = "") -> Iterator[None]:
    """Ask for what `field` names; `instead` says where to look, if the answer does not. Raises `Rejected` for what is not there."""
    try:
        yield
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        said = refusal.message[:1].lower() + refusal.message[1:]
        if instead and instead not in said:
            said = f"{said.removesuffix('.')}; {instead}."
        raise Rejected(f"{field}: {said}") from None
