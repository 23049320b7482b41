"""Which issuers (`iss`) are this installation under one of its names."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from libs.contracts.ids import tenant_guid
from libs.runtime.machine import is_own

_SCHEMES = ("http", "https")


class Names:
    """The public address where there is one, and nothing else; without, every address of this machine and its further names."""

    def __init__(self, public_url: str = "", names: Sequence[str] = ()) -> None:
        self._public = public_url.rstrip("/")
        self._names = frozenset(name.lower() for name in ("localhost", *names))

    def signed(self, issuer: str, tenant: str) -> bool:
        """Whether `iss` of a token for a tenant is one that we write: our address, or that of the tenant below it."""
        base = issuer.removesuffix(f"/{tenant_guid(tenant)}/v2.0")
        if self._public:
            return base == self._public
        try:
            parts = urlsplit(base)
            host, known = (parts.hostname or "").lower(), parts.netloc.lower()
        except ValueError:
            return False
        bare = f"{parts.scheme}://{parts.netloc}" == base and "@" not in base
        return bare and parts.scheme in _SCHEMES and (bool({host, known} & self._names) or is_own(host))
