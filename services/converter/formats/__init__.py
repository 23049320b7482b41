"""The family of media formats, one file per engine: what each must provide.

A file of this package names the `ENGINE` whose orders it takes and the formats that it `ACCEPTS`, and renders a source to
PDF pages with `to_pdf`. Rendering knows the page's geometry, finishing (services/converter/finish.py) does the rest. A new
format is one new file here; `discover` finds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast, runtime_checkable

from libs.contracts.documents import Document, Engine, Format, SealedRequest
from libs.contracts.tickets import Ticket
from libs.runtime import discovery
from services.converter.domain import Plan
from services.converter.engines import Engines


@dataclass(frozen=True, slots=True)
class Source:
    """One document to render. `path` None: it lies at `request`, and the format fetches it itself, or has it fetched."""

    document: Document
    ticket: Ticket
    path: Path | None
    request: SealedRequest | None
    work: Path

    @property
    def result(self) -> Path:
        """Where the finished PDF goes."""
        return self.work / "print.pdf"

    async def file(self, engines: Engines) -> Path:
        """The document's bytes as a file, fetched if it is remote. Raises `Rejected`."""
        if self.path is not None:
            return self.path
        if self.request is None:
            raise ValueError("a remote document came without its opened request")
        return await engines.fetch(self.request, self.work / "source")


@dataclass(frozen=True, slots=True)
class Made:
    """A finished document: its pages as printed (copies in it included), the sheet if all have one, remarks for people."""

    path: Path
    pages: int
    width: int = 0
    height: int = 0
    warnings: tuple[str, ...] = ()
    media_type: str = "application/pdf"

    @classmethod
    def of(cls, path: Path, reply: Mapping[str, Any]) -> "Made":
        """What a worker process reports of a document that it finished."""
        pages, width, height = (int(reply[key]) for key in ("pages", "width", "height"))
        return cls(path, pages, width, height, tuple(str(warning) for warning in reply["warnings"]))

    def remarking(self, *remarks: str) -> "Made":
        """The same with more remarks for people."""
        return replace(self, warnings=(*self.warnings, *remarks))


@runtime_checkable
class MediaFormat(Protocol):
    """What a file of this family provides."""

    ENGINE: Engine
    ACCEPTS: frozenset[Format]

    async def to_pdf(self, source: Source, plan: Plan, engines: Engines) -> Made:
        """Render and finish one document into `source.work`. Raises `Rejected`; anything else may be tried again."""

    async def ready(self, engines: Engines) -> None:
        """Prove that an engine of this format can start. Raises when it cannot."""


def discover(package: ModuleType) -> Mapping[Format, MediaFormat]:
    """Every format that the files of `package` accept, with the file that renders it."""
    found: dict[Format, MediaFormat] = {}
    for module in discovery.discover(package).values():
        variant = cast(MediaFormat, module)
        found.update(dict.fromkeys(variant.ACCEPTS, variant))
    return found
