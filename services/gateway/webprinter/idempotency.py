"""Submitting once under a key: whoever repeats a submission gets its ids again, and paper is printed on once (design.md rule 1)."""

import asyncio
import base64
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from pydantic_core import from_json, to_json

from libs.contracts.message import decode, encode
from libs.runtime.bucket import Bucket, Taken
from libs.runtime.bus import NotStored, Unanswered
from libs.runtime.crashpoint import crashpoint
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.ids import Block
from services.gateway.virtual_urls import SCHEME, BadUrl
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.content import LONGEST_URL
from services.gateway.webprinter.reading.fields import Fields

log = structlog.get_logger()

#: The field of a key; it is no part of what is compared.
KEY = "idempotencyKey"
#: Answers of more bytes than this (packed) are not kept: a repeat works them out again.
LONGEST_ANSWER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is kept under a key: the SHA-256 of what was asked for, the ids for it, and its answer once it is durable."""

    body: str
    ids: Block
    answer: str = ""


@dataclass(slots=True)
class Once:
    """One submission under its key, or under none. `spelled` is the sum of its body with addresses of uploads as they are, which
    earlier versions have kept.
    """

    bucket: Bucket
    place: str
    body: str
    spelled: str = ""
    kept: Reservation | None = field(default=None)
    revision: int = 0

    @property
    def answered(self) -> bool:
        """Whether it was done before, so that its `answer` is all that is needed."""
        return bool(self.kept and self.kept.answer)

    @property
    def answer(self) -> Any:
        """What was answered when it was done."""
        packed = self.kept.answer if self.kept else ""
        return from_json(zlib.decompress(base64.b64decode(packed)))

    async def reserve(self, ids: Block) -> Block:
        """The ids to use: these, or those of the first time. Raises `Rejected`, and the bus's `NotStored` and `Unanswered`."""
        if not self.place:
            return ids
        if self.kept is None:
            wanted = Reservation(self.body, ids)
            try:
                self.revision = await self.bucket.create(self.place, encode(wanted))
                crashpoint("gateway-after-reserved")
                self.kept = wanted
            except Taken:  # by somebody at the same moment, or by ourselves in a try whose answer was lost
                await self.look()
        return self.kept.ids if self.kept else await self.reserve(ids)

    async def look(self) -> None:
        """See what is kept. Raises `Rejected` when it is for another submission, and the bus's `Unanswered`."""
        found = await self.bucket.get(self.place)
        if found is None:
            return
        kept: Reservation = decode(Reservation, found.value)
        if kept.body not in (self.body, self.spelled):
            raise Rejected(
                f"{KEY} was used for another submission: take a new key for each, and an old one only to repeat it unchanged."
            )
        self.kept, self.revision = kept, found.revision

    async def keep(self, answer: Any) -> None:
        """Keep the answer of what is durable now. That it is not kept only means more work for a repeat."""
        if self.kept is None:
            return
        packed = base64.b64encode(zlib.compress(to_json(answer))).decode()
        if len(packed) > LONGEST_ANSWER:
            return
        try:
            await self.bucket.update(self.place, encode(replace(self.kept, answer=packed)), self.revision)
        except (Taken, NotStored, Unanswered) as error:
            log.info("answer not kept", cause=type(error).__name__)


def key_of(*fields: Fields) -> str:
    """The key of a submission, from the first of these objects that has one. Raises `Rejected`."""
    return next((key for each in fields if (key := each.text(KEY))), "")


async def once(gateway: Gateway, identity: Identity, key: str, body: Any) -> Once:
    """A submission under this key, with what is kept of it. Raises `Rejected`, and the bus's `Unanswered`."""
    if not key:
        return Once(gateway.reservations, "", "")
    place = hashlib.sha256(f"{identity.tenant}\n{identity.sn}\n{key}".encode()).hexdigest()
    submission = Once(gateway.reservations, place, *await asyncio.to_thread(_sums, gateway, identity, body))
    await submission.look()
    if submission.kept:
        gateway.receipts.repeated()
    return submission


def _sums(gateway: Gateway, identity: Identity, body: Any) -> tuple[str, str]:
    """The digest of a body, of an upload by its content: who uploads the same file once more gets another address. Beside it the
    digest of the addresses themselves.
    """
    addresses: list[str] = []

    def content(address: str) -> str:
        addresses.append(address)
        try:
            return gateway.virtual_urls.read(address, identity.tenant, 0).sha256  # also when its day is over
        except BadUrl:
            return address

    found = digest(body, content)
    return found, digest(body) if addresses else found


def digest(value: Any, content: Callable[[str], str] = str) -> str:
    """SHA-256 of a decoded body, however it was spelled: without order of members, nulls, and keys of this module.

    `content` says what stands for the virtual address of an upload.
    """
    found = hashlib.sha256()
    _feed(found, value, content)
    return found.hexdigest()


def _feed(found: Any, value: Any, content: Callable[[str], str]) -> None:
    """Each value with its kind and length before it, so that no two bodies are the same bytes."""
    if isinstance(value, dict):
        members = sorted((name, each) for name, each in value.items() if each is not None and name != KEY)
        found.update(b"{%d" % len(members))
        for name, each in members:
            _feed(found, name, content)
            _feed(found, each, content)
    elif isinstance(value, list):
        found.update(b"[%d" % len(value))
        for each in value:
            _feed(found, each, content)
    else:
        value = content(value) if isinstance(value, str) and _is_virtual(value) else value
        data = _spelled(value).encode("utf-8", "surrogatepass")
        found.update(b"%s%d:" % (b'"' if isinstance(value, str) else b"=", len(data)))
        found.update(data)


def _is_virtual(text: str) -> bool:
    return len(text) <= LONGEST_URL and text.lstrip()[: len(SCHEME)].lower() == SCHEME


def _spelled(value: Any) -> str:
    """A value that holds no others: 1, 1.0 and 1e0 are one number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else repr(value)
