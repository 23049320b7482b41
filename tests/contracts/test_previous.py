"""While an upgrade rolls, two versions talk: what the last one says is understood here, and what is said here it understands.

`previous.json` has the messages of the version that was landed before this one. With the next version it is made anew from
`tests/contracts/schemas` as they are now.
"""

import json
from pathlib import Path

import jsonschema
import pytest

from docs.generator.schemas import messages, records, snapshots
from libs.contracts.message import decode, encode

PREVIOUS = json.loads((Path(__file__).parent / "previous.json").read_text())
KINDS = {kind.__name__: kind for kind in (*messages(), *records())}
NOW = snapshots()
BOTH = sorted(PREVIOUS.keys() & KINDS.keys())


def example(schema, defs, *, full):
    """Something that a schema allows: every field there is, or only those that must be."""
    if "$ref" in schema:
        return example(defs[schema["$ref"].rpartition("/")[2]], defs, full=full)
    for chosen in ("const", "enum"):
        if chosen in schema:
            return schema[chosen][0] if chosen == "enum" else schema[chosen]
    if either := schema.get("anyOf") or schema.get("oneOf"):
        null = {"type": "null"}
        return None if not full and null in either else example(next(each for each in either if each != null), defs, full=full)
    return _of_type(schema, defs, full=full)


def _of_type(schema, defs, *, full):
    match schema.get("type"):
        case "object" if "properties" in schema:
            must = set(schema.get("required", []))
            must |= {name for name, each in schema["properties"].items() if full or "const" in each}  # its kind is always said
            return {name: example(each, defs, full=full) for name, each in schema["properties"].items() if name in must}
        case "object":
            inner = schema.get("additionalProperties")
            return {"name": example(inner, defs, full=full)} if full and isinstance(inner, dict) else {}
        case "array":
            if first := schema.get("prefixItems"):
                return [example(each, defs, full=full) for each in first]
            return [example(schema["items"], defs, full=full)] if full and "items" in schema else []
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "null":
            return None
    return "d29yZA=="  # a word, and bytes in base64


def sentence(snapshot, *, full):
    schema = snapshot["schema"]
    return example(schema, schema.get("$defs", {}), full=full)


def test_the_snapshot_is_of_this_very_language():
    assert len(BOTH) > 150
    assert not PREVIOUS.keys() - KINDS.keys(), "a class stays as long as the version before may send it"
    assert any(PREVIOUS[name] != NOW[name] for name in BOTH), "take a new snapshot with each version that is landed"


@pytest.mark.parametrize("full", [False, True], ids=["least", "whole"])
def test_what_the_last_version_says_is_understood(full):
    """A field that it did not know has its default."""
    for name in BOTH:
        said = sentence(PREVIOUS[name], full=full)
        heard = json.loads(encode(decode(KINDS[name], json.dumps(said))))
        assert holds(heard, said), f"{name}: {said} became {heard}"


def test_what_is_said_now_is_understood_by_the_last_version():
    """It looks at what it knows, and passes over what is new: so does its decoder, which is the one that is tested here."""
    for name in BOTH:
        reader = jsonschema.Draft202012Validator(PREVIOUS[name]["schema"])
        for full in (False, True):
            now = json.loads(encode(decode(KINDS[name], json.dumps(sentence(NOW[name], full=full)))))
            assert not list(reader.iter_errors(now)), name


def test_what_the_next_version_adds_is_passed_over():
    for name, kind in KINDS.items():
        said = sentence(NOW[name], full=True)
        known = decode(kind, json.dumps(said))
        assert decode(kind, json.dumps(_grown(said))) == known, name


def holds(heard, said):
    """Whether everything that was said is in what was heard."""
    if isinstance(said, dict) and isinstance(heard, dict):
        return all(name in heard and holds(heard[name], each) for name, each in said.items())
    if isinstance(said, list) and isinstance(heard, list):
        return len(heard) == len(said) and all(map(holds, heard, said))
    return heard == said


def _grown(said):
    """The same with a field that nobody knows, in it and in each record inside."""
    if isinstance(said, list):
        return [_grown(each) for each in said]
    if not isinstance(said, dict) or set(said) <= {"name"}:  # a dictionary, whose keys are anybody's
        return said
    return {**{name: _grown(each) for name, each in said.items()}, "of the next version": {"some": ["thing"]}}
