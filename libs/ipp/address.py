"""Where a printer is: its URI, taken apart (RFC 3510 for ipp, RFC 7472 for ipps)."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

DEFAULT_PORT = 631


@dataclass(frozen=True, slots=True)
class Address:
    """A printer's URI without credentials, and what a connection to it needs."""

    uri: str
    host: str
    port: int
    path: str
    secure: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """Host and port as the Host header wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @classmethod
    def parse(cls, uri: str) -> "Address":
        """An ipp or ipps URI; its path and query are kept. Raises ValueError with what to write instead."""
        parts = urlsplit(uri)
        if parts.scheme not in ("ipp", "ipps"):
            raise ValueError(f"a printer's URI begins with ipp:// or ipps://, not {parts.scheme or 'nothing'}://")
        if not parts.hostname:
            raise ValueError("a printer's URI names its host, as ipp://printer.example/ipp/print")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        if parts.query:
            path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        made = cls("", parts.hostname, parts.port or DEFAULT_PORT, path, parts.scheme == "ipps")
        host = made.authority if parts.port else made.authority.rpartition(":")[0]
        return cls(
            uri=f"{parts.scheme}://{host}{path}",
            host=made.host,
            port=made.port,
            path=path,
            secure=made.secure,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )
