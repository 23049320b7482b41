"""Requests and responses: what is encoded and decoded, without the document that follows."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.ipp.attributes import Attributes
from libs.ipp.enums import LAST_SUCCESSFUL
from libs.ipp.tags import GroupTag

#: The most that a text may hold (RFC 8011 section 5.1.2), in octets.
_TEXT = 1023

Version = tuple[int, int]
"""Major and minor version number of the protocol."""


@dataclass(frozen=True, slots=True)
class Group:
    """A run of attributes under one delimiter tag; an unknown tag is kept as a number."""

    tag: int
    attributes: Attributes


def gathered(groups: Sequence[Group], tag: int) -> Attributes:
    """The attributes of the first group with this tag; none when there is no such group."""
    return next((group.attributes for group in groups if group.tag == tag), Attributes())


@dataclass(frozen=True, slots=True)
class Request:
    """A request: the number of its operation, its own number, its groups in order (RFC 8010 section 3.1)."""

    operation: int
    request_id: int
    groups: tuple[Group, ...]
    version: Version = (2, 0)

    def group(self, tag: int) -> Attributes:
        """The attributes of the first group with this tag; none when there is no such group."""
        return gathered(self.groups, tag)


@dataclass(frozen=True, slots=True)
class Response:
    """A response: its status, the number of its request, its groups in order, and the data that follow them."""

    status: int
    request_id: int
    groups: tuple[Group, ...]
    version: Version = (2, 0)
    data: bytes = b""

    @property
    def successful(self) -> bool:
        """Whether the status says that the operation was done (RFC 8011 section B.1.2)."""
        return self.status <= LAST_SUCCESSFUL

    @property
    def message(self) -> str:
        """What the printer says about the status, for people, on one line of at most 1023 characters; may be empty."""
        said = self.group(GroupTag.OPERATION).string("status-message") or ""
        return "".join(letter if letter.isprintable() else " " for letter in said[:_TEXT])

    @property
    def unsupported(self) -> Attributes:
        """The attributes that the printer ignored or replaced (RFC 8011 section 4.1.7)."""
        return self.group(GroupTag.UNSUPPORTED)

    def group(self, tag: int) -> Attributes:
        """The attributes of the first group with this tag; none when there is no such group."""
        return gathered(self.groups, tag)

    def every(self, tag: int) -> tuple[Attributes, ...]:
        """The attributes of each group with this tag, in order."""
        return tuple(group.attributes for group in self.groups if group.tag == tag)
