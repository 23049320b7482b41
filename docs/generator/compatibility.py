"""Whether a message's changed schema may stand in the place of the one before it: what was said must stay readable."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
Snapshots = dict[str, dict[str, Any]]

_LOWER = ("minItems", "minLength", "minimum", "exclusiveMinimum")
_UPPER = ("maxItems", "maxLength", "maximum", "exclusiveMaximum")


def incompatibilities(before: Snapshots, after: Snapshots) -> list[str]:
    """Sentences about what older writers or readers could not live with; a new class, or a new field with a default, is none."""
    found = [f"{name} is gone: keep it as long as anybody may send it" for name in before if name not in after]
    for name in before.keys() & after.keys():
        found += _renamed(name, before[name], after[name])
        found += _differences(name, _whole(before[name]["schema"]), _whole(after[name]["schema"]))
    return sorted(found)


def _renamed(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for key, what in (("subject", "subject"), ("message_id", "message id")):
        if old.get(key) != new.get(key):
            yield f"{name}: the {what} {old.get(key)!r} became {new.get(key)!r}: write a new class"


def _whole(root: Schema) -> Schema:
    """A schema without references; what a reference named is under `name`. Our records do not contain themselves."""

    def inlined(schema: Any) -> Any:
        if isinstance(schema, list):
            return [inlined(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return {"name": name, **inlined(root["$defs"][name]), **inlined(rest)}
        return {key: inlined(value) for key, value in schema.items() if key != "$defs"}

    whole: Schema = inlined(root)
    return whole


def _differences(at: str, old: Schema, new: Schema) -> Iterator[str]:
    yield from _plain(at, old, new)
    yield from _fields(at, old, new)
    yield from _variants(at, old, new)
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _differences(f"{at}[]", old[key], new[key])
    for number, (was, now) in enumerate(zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)):
        yield from _differences(f"{at}[{number}]", was, now)


def _plain(at: str, old: Schema, new: Schema) -> Iterator[str]:
    for key in ("type", "const", "format", "contentEncoding"):
        if old.get(key) != new.get(key):
            yield f"{at}: the {key} {old.get(key)!r} became {new.get(key)!r}"
    gone = set(old.get("enum", ())) - set(new.get("enum", ()))
    if gone:
        yield f"{at}: {', '.join(sorted(gone))} cannot be said any more"
    stricter = [key for key in _LOWER if key in new and new[key] > old.get(key, float("-inf"))]
    stricter += [key for key in _UPPER if key in new and new[key] < old.get(key, float("inf"))]
    for key in stricter:
        yield f"{at}: {key} {new[key]} refuses what could be said"


def _fields(at: str, old: Schema, new: Schema) -> Iterator[str]:
    was, now = old.get("properties", {}), new.get("properties", {})
    for name in sorted(was.keys() - now.keys()):
        yield f"{at}.{name}: the field is gone"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{at}.{name}: the field has no default, and older messages do not have it"
    for name in sorted(was.keys() & now.keys()):
        if "default" in was[name] and not _stands(was[name]["default"], now[name].get("default", was[name]["default"])):
            yield f"{at}.{name}: the default {was[name]['default']!r} became {now[name]['default']!r}"
        yield from _differences(f"{at}.{name}", was[name], now[name])


def _stands(was: Any, now: Any) -> bool:
    """Whether a default still means what it meant: a record among them may have grown as its class has."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(name in now and _stands(value, now[name]) for name, value in was.items())
    return bool(was == now)


def _variants(at: str, old: Schema, new: Schema) -> Iterator[str]:
    was, now = _by_name(old), _by_name(new)
    for name in sorted(was.keys() - now.keys()):
        yield f"{at}: {name} cannot be said any more"
    if now and ("null" in now) != ("null" in was):
        yield f"{at}: null may be said only where it always could"
    for name in sorted(was.keys() & now.keys()):
        yield from _differences(f"{at}({name})", was[name], now[name])


def _by_name(schema: Schema) -> dict[str, Schema]:
    """The variants of a union by what tells them apart."""
    variants: list[Schema] = schema.get("oneOf") or schema.get("anyOf") or []
    return {str(each.get("name") or each.get("type", "anything")): each for each in variants}
