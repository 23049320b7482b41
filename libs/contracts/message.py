"""What every message has: a subject and an id made of its own fields, and one way to bytes and back."""

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

_FIELD = re.compile(r"\{([^}]*)\}")
#: Words between dots, without NATS's wildcards and without anything that ends a line of its protocol.
_WORDS = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*")


class Undecodable(ValueError):
    """The bytes are not the message that they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of the bus. A subclass names its subject and its id as patterns over its fields."""

    SUBJECT: ClassVar[str] = ""
    ID: ClassVar[str] = ""
    _DOTS: ClassVar[int] = 0
    _AS_SUBJECT: ClassVar["_Pattern"]
    _AS_ID: ClassVar["_Pattern"]

    def __init_subclass__(cls, *, subject: str = "", message_id: str = "") -> None:
        # A slotted dataclass is made twice, the second time without these words: what is set stays.
        cls.SUBJECT = subject or cls.SUBJECT
        cls.ID = message_id or cls.ID
        cls._DOTS = _FIELD.sub("x", cls.SUBJECT).count(".")
        cls._AS_SUBJECT, cls._AS_ID = _Pattern(cls.SUBJECT), _Pattern(cls.ID)

    @property
    def subject(self) -> str:
        """The subject that this message is published on.

        Raises `ValueError` when a field is not one word: it would lead into another's subjects.
        """
        subject = self._AS_SUBJECT.of(self)
        if subject.count(".") != self._DOTS or not _WORDS.fullmatch(subject):
            raise ValueError(f"a {type(self).__name__} cannot be published: each field of {self.SUBJECT} must be one word")
        return subject

    @property
    def id(self) -> str:
        """The `Nats-Msg-Id`: the same fact has the same id. Empty: the publisher gives one (reports) or none (questions)."""
        return self._AS_ID.of(self)


class _Pattern:
    """A pattern over fields, taken apart once: a task on its way to paper fills in dozens of them."""

    def __init__(self, pattern: str) -> None:
        names = _FIELD.findall(pattern)
        self._form = _FIELD.sub("%s", pattern)
        self._fields = attrgetter(*names) if names else None

    def of(self, message: Message) -> str:
        return self._form % self._fields(message) if self._fields else self._form


_adapters: dict[Any, TypeAdapter[Any]] = {}
#: The same by identity, as the hash of a union is made of all its classes; those that are here stay, as keys of the other.
_known: dict[int, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    adapter = _known.get(id(kind)) or _adapters.get(kind)
    if adapter is None:
        adapter = _known[id(kind)] = _adapters[kind] = TypeAdapter(kind)
    return adapter


def encode(value: Any) -> bytes:
    """A message or record as JSON bytes."""
    return _adapter(type(value)).dump_json(value)


def decode(kind: Any, data: bytes | str) -> Any:
    """JSON bytes as `kind`, a class or a union of classes told apart by their `kind`; unknown fields are ignored.

    Raises `Undecodable` when the bytes are not such a message; it names fields, never their content.
    """
    try:
        return _adapter(kind).validate_json(data)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        places = "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['type']}" for each in problems[:5])
        raise Undecodable(places) from None
