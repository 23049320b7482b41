"""The messages of the bus as JSON schemas, and the snapshots that were taken of them."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

import libs.contracts
from libs.contracts.directory import Entry
from libs.contracts.documents import SealedRequest
from libs.contracts.message import Message
from libs.contracts.queries import ANSWER, Refusal

FOLDER = Path(__file__).parents[2] / "tests" / "contracts" / "schemas"
#: What describes and does not decide.
WORDS = ("title", "description")


def messages() -> list[type[Message]]:
    """Every message class that is published or asked, by name."""
    found: dict[str, type[Message]] = {}
    for info in pkgutil.iter_modules(libs.contracts.__path__):
        module = importlib.import_module(f"libs.contracts.{info.name}")
        own = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
        found |= {kind.__name__: kind for kind in own if issubclass(kind, Message) and kind.SUBJECT}
    parents = {parent for kind in found.values() for parent in kind.__mro__[1:]}
    return [found[name] for name in sorted(found) if found[name] not in parents]


def records() -> list[type]:
    """What travels without a subject of its own: answers, entries of the directory, what is inside a sealed field."""
    entries = get_args(get_args(Entry)[0])
    return sorted({*entries, *ANSWER.values(), Refusal, SealedRequest}, key=lambda kind: kind.__name__)


def snapshots() -> dict[str, dict[str, Any]]:
    """Class name -> its subject, its id, and its schema as a reader needs it."""
    made: dict[str, dict[str, Any]] = {}
    for kind in (*messages(), *records()):
        named = {"subject": kind.SUBJECT, "message_id": kind.ID} if issubclass(kind, Message) else {}
        made[kind.__name__] = {**named, "schema": _without_words(TypeAdapter(kind).json_schema())}
    return made


def stored() -> dict[str, dict[str, Any]]:
    """The snapshots as they were taken."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def text(snapshot: dict[str, Any]) -> str:
    """A snapshot as its file holds it."""
    return json.dumps(snapshot, indent=2, ensure_ascii=False) + "\n"


def _without_words(schema: Any, *, names: bool = False) -> Any:
    """`names`: the keys of this object are names of fields or classes, whatever they look like."""
    if isinstance(schema, list):
        return [_without_words(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if names or key not in WORDS}
    return {key: _without_words(value, names=not names and key in ("properties", "$defs")) for key, value in kept.items()}
