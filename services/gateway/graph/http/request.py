"""A request at this door before anybody has understood it: from HTTP, or from inside a `$batch`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from starlette.requests import Request

from services.gateway.pace import Turn

#: What a `client-request-id` may be; what else is sent is not echoed.
_PRINTABLE = re.compile(r"[!-~]{1,128}")


def _new_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Asked:
    """`path` is below the version, and `query` what follows its question mark, both as they were sent. Names of `headers` are in
    small letters. `base` is the absolute address of the version. `raw` is the body where it is here already, `request` where it
    is still to come. `turn` is what is measured of it.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    base: str
    beta: bool = False
    raw: bytes = b""
    request: Request | None = None
    address: str = ""
    id: str = field(default_factory=_new_id)
    turn: Turn = field(default_factory=Turn, compare=False)

    @property
    def client_id(self) -> str:
        """The caller's own id of this request, where it has sent one that can be echoed."""
        given = self.headers.get("client-request-id", "").strip()
        return given if _PRINTABLE.fullmatch(given) else ""

    @property
    def url(self) -> str:
        """The absolute address without its query, slashes once."""
        return f"{self.base}/{re.sub('/{2,}', '/', self.path).strip('/')}"
