"""The messages may grow and never change: what was said once stays readable."""

import warnings
from dataclasses import dataclass, field, make_dataclass
from enum import StrEnum

import pytest
from pydantic import TypeAdapter

from docs.generator.compatibility import incompatibilities
from docs.generator.schemas import messages, records, snapshots, stored


def test_the_messages_are_compatible_with_what_was_said_before():
    before, after = stored(), snapshots()
    found = incompatibilities(before, after)
    assert found == [], "write a new class instead, or (if nobody can have said it yet) delete the snapshot and run `make docs`"
    if before != after:
        warnings.warn("the messages have grown: run `make docs` to take new snapshots", stacklevel=1)


def test_every_message_and_every_record_has_a_snapshot():
    assert {kind.__name__ for kind in (*messages(), *records())} == set(stored())


def test_the_messages_that_are_known_are_all_there():
    names = {kind.__name__ for kind in messages()}
    for wanted in ("SubmitTasks", "ConvertDocument", "WithdrawTask", "TaskPrinted", "EndTask", "DeviceChanged", "DeadLetter"):
        assert wanted in names
    assert "TaskReport" not in names, "it is what reports have in common"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class OneColour(StrEnum):
    RED = "red"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


@dataclass
class Inner:
    width: int


@dataclass
class Other:
    height: int


def snapshot(*fields, subject: str = "a.{name}", message_id: str = "{name}") -> dict:
    made = make_dataclass("Made", [("name", str), *fields], kw_only=True)
    return {"Made": {"subject": subject, "message_id": message_id, "schema": TypeAdapter(made).json_schema()}}


@dataclass
class Sheet:
    width: int = 1


@dataclass
class WiderSheet:
    width: int = 2


def grown_sheet() -> type:
    return make_dataclass("Sheet", [("width", int, field(default=1)), ("height", int, field(default=4))])


BEFORE = [
    ("count", int),
    ("colour", Colour, field(default=Colour.RED)),
    ("limit", int | None, field(default=None)),
    ("parts", tuple[Inner, ...], field(default=())),
    ("either", Inner | Other, field(default_factory=lambda: Inner(1))),
    ("pair", tuple[int, int], field(default=(1, 2))),
]


def changed(name: str, *replacement) -> list:
    return [each for old in BEFORE for each in (replacement if old[0] == name else (old,))]


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (changed("count"), "Made.count: the field is gone"),
        (changed("count", ("count", str)), "Made.count: the type 'integer' became 'string'"),
        (changed("count", ("count", int | None)), "Made.count: null may be said only where it always could"),
        (changed("limit", ("limit", int, field(default=0))), "Made.limit: null cannot be said any more"),
        ([*BEFORE, ("fresh", int, field())], "Made.fresh: the field has no default, and older messages do not have it"),
        (changed("colour", ("colour", OneColour, field(default=OneColour.RED))), "Made.colour: blue cannot be said any more"),
        (changed("colour", ("colour", Colour, field(default=Colour.BLUE))), "Made.colour: the default 'red' became 'blue'"),
        (changed("either", ("either", Inner, field(default_factory=lambda: Inner(1)))), "cannot be said any more"),
        (changed("parts", ("parts", tuple[Other, ...], field(default=()))), "Made.parts[].width: the field is gone"),
        (changed("pair", ("pair", tuple[int, str], field(default=(1, "2")))), "Made.pair[1]: the type 'integer' became 'string'"),
        (changed("pair", ("pair", tuple[int, int, int], field(default=(1, 2, 3)))), "Made.pair: minItems 3 refuses"),
    ],
)
def test_a_change_that_somebody_could_not_live_with_is_found(after, sentence):
    found = incompatibilities(snapshot(*BEFORE), snapshot(*after))
    assert any(sentence in each for each in found), found


def test_a_message_may_not_disappear_or_move():
    assert incompatibilities(snapshot(), {}) == ["Made is gone: keep it as long as anybody may send it"]
    assert incompatibilities(snapshot(), snapshot(subject="b.{name}")) == [
        "Made: the subject 'a.{name}' became 'b.{name}': write a new class"
    ]
    assert incompatibilities(snapshot(), snapshot(message_id="{name}:2")) == [
        "Made: the message id '{name}' became '{name}:2': write a new class"
    ]


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        [*BEFORE, ("fresh", int, field(default=3))],
        [*BEFORE, ("fresh", int | None, field(default=None))],
        changed("colour", ("colour", MoreColours, field(default=MoreColours.RED))),
        changed("count", ("count", int, field(default=0))),
    ],
)
def test_a_message_may_grow(after):
    assert incompatibilities(snapshot(*BEFORE), snapshot(*after)) == []


def test_a_record_that_is_a_default_may_grow_and_not_change():
    def sheet(kind: type) -> tuple:
        return ("sheet", kind, field(default_factory=kind))

    grown = grown_sheet()
    assert incompatibilities(snapshot(sheet(Sheet)), snapshot(sheet(grown))) == []
    (found,) = incompatibilities(snapshot(sheet(grown)), snapshot(sheet(WiderSheet)))[:1]
    assert "Made.sheet" in found


def test_a_new_message_is_no_harm():
    assert incompatibilities({}, snapshot()) == []


def test_words_of_explanation_are_not_in_the_snapshots():
    def words(schema, *, names=False):
        if isinstance(schema, dict):
            yield from (key for key in schema if not names and key in {"title", "description"})
            for key, value in schema.items():
                yield from words(value, names=not names and key in {"properties", "$defs"})

    for name, each in snapshots().items():
        assert list(words(each["schema"])) == [], name
