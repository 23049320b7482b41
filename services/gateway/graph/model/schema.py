"""The types as records, and the members of each enumeration as the door itself knows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libs.contracts.hooks import HookState
from services.gateway.graph.entities.definition import EVENT
from services.gateway.graph.entities.printer import STATES as PRINTER_STATES
from services.gateway.graph.model import types
from services.gateway.graph.words.details import NAMES
from services.gateway.graph.words.enums import COLORS, DUPLEX, FEEDS, FINISHINGS, LAYOUTS, ORIENTATIONS, QUALITIES, SCALINGS
from services.gateway.graph.words.states import DETAILS, STATES, TOLD

_FUTURE = "unknownFutureValue"
#: Enumeration -> the members that are sent.
ENUMS: Mapping[str, tuple[str, ...]] = {
    "incompatiblePrinterSettings": ("show", "hide"),
    "printColorMode": COLORS.names,
    "printDuplexMode": DUPLEX.names,
    "printEvent": (EVENT,),
    "printFinishing": FINISHINGS.names,
    "printJobProcessingState": STATES,
    "printJobStateDetail": tuple(
        sorted({each for told in (*(one.details for one in TOLD.values()), *DETAILS.values()) for each in told})
    ),
    "printMultipageLayout": LAYOUTS.names,
    "printOperationProcessingState": ("notStarted", "running", "succeeded", "failed"),
    "printOrientation": ORIENTATIONS.names,
    "printQuality": QUALITIES.names,
    "printScaling": SCALINGS.names,
    "printTaskProcessingState": tuple(state.value for state in HookState),
    "printerFeedOrientation": FEEDS.names,
    "printerProcessingState": ("unknown", *PRINTER_STATES),
    "printerProcessingStateDetail": tuple(sorted(NAMES - {_FUTURE})),
}


@dataclass(frozen=True, slots=True)
class Property:
    """`type` is ours or one of OData's in small letters; `leads`: to entities, which are told when they are expanded."""

    name: str
    type: str
    many: bool = False
    nullable: bool = True
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Type:
    """`entity`: else it is a complex type. `marks` are abstract, open, key and stream."""

    name: str
    entity: bool
    base: str
    marks: frozenset[str]
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An action or function of `on`; `answer` None: it answers nothing."""

    name: str
    action: bool
    on: Property
    parameters: tuple[Property, ...]
    answer: Property | None


def _types() -> Iterator[Type]:
    for block in types.TYPES.replace("\n  ", "\t").strip().splitlines():
        head, *lines = block.split("\t")
        words = head.split()
        base = words[words.index(":") + 1] if ":" in words else ""
        marks = frozenset(words[2:]) - {":", base}
        yield Type(words[1], words[0] == "entity", base, marks, tuple(map(_property, lines)))


def _property(line: str) -> Property:
    name, *rest = line.split()
    return _typed(name, rest[-1], leads=rest[0] == "->")


def _typed(name: str, given: str, *, leads: bool = False) -> Property:
    bare = given.removesuffix("!")
    return Property(name, bare.strip("[]"), bare.startswith("["), bare == given, leads)


def _operations() -> Iterator[Operation]:
    for line in types.OPERATIONS.strip().splitlines():
        head, _, answer = line.partition(" = ")
        kind, name, _, on, *parameters = head.split()
        told = tuple(_typed(*each.split(":")) for each in parameters)
        yield Operation(name, kind == "action", _typed("bindingParameter", on), told, _typed("", answer) if answer else None)


TYPES: Mapping[str, Type] = {each.name: each for each in _types()}
OPERATIONS = tuple(_operations())


def members(name: str) -> dict[str, Property]:
    """The properties of a type by name, those of its bases among them."""
    one = TYPES[name]
    return {**(members(one.base) if one.base else {}), **{each.name: each for each in one.properties}}
