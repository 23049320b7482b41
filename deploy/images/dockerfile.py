"""As much of the Dockerfile format as ours uses; what else stands in one is an error, not ignored."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.check.tools import ROOT

DOCKERFILE = ROOT / "docker" / "Dockerfile"
#: Instructions that change files, and those that say how a container is started.
BUILDING = ("RUN", "COPY")
STARTING = ("ENV", "WORKDIR", "USER", "ENTRYPOINT", "CMD", "LABEL", "HEALTHCHECK", "EXPOSE", "ARG")
_MOUNT = re.compile(r"--mount=type=cache,target=(\S+)\s+")


class Unreadable(ValueError):
    """A line that is not of the format, or not of our part of it; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """`RUN` with its shell words, or `COPY` with where from (empty: the checkout), sources and target; and where, with what."""

    folder: str
    environment: Mapping[str, str]
    run: str = ""
    caches: tuple[str, ...] = ()
    origin: str = ""
    sources: tuple[str, ...] = ()
    target: str = ""


@dataclass(slots=True)
class Stage:
    """One `FROM`: what it is made from, its steps, and how a container of it is started, with what its parents say."""

    name: str
    parent: str
    steps: list[Step] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    folder: str = "/"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] | None = None


def read(path: Path = DOCKERFILE) -> dict[str, Stage]:
    """All stages by name; a parent that is none of them is an image of others'. Raises `Unreadable`."""
    stages: dict[str, Stage] = {}
    outer: dict[str, str] = {}
    now: Stage | None = None
    for word, rest in _instructions(path.read_text()):
        if word == "FROM":
            parent, _, name = (each.strip() for each in _filled(rest, outer).partition(" AS "))
            now = stages[name] = _derived(name, parent, stages)
        elif now is None and word == "ARG":
            outer.update([_pair(rest)])
        elif now is None:
            raise Unreadable(f"{word} stands before the first FROM")
        elif word in BUILDING:
            now.steps.append(_run(rest, now) if word == "RUN" else _copy(rest, now))
        elif word in STARTING:
            _say(now, word, rest)
        else:
            raise Unreadable(f"{word} is none of {', '.join(BUILDING + STARTING)}")
    return stages


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def _derived(name: str, parent: str, stages: Mapping[str, Stage]) -> Stage:
    before = stages.get(parent)
    if before is None:
        return Stage(name, parent)
    labels, environment = dict(before.labels), dict(before.environment)
    return Stage(name, parent, environment=environment, labels=labels, user=before.user, folder=before.folder)


def _run(rest: str, stage: Stage) -> Step:
    environment = {**stage.arguments, **stage.environment}
    return Step(stage.folder, environment, run=_MOUNT.sub("", rest), caches=tuple(_MOUNT.findall(rest)))


def _copy(rest: str, stage: Stage) -> Step:
    words = shlex.split(rest)
    origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
    if len(words) < 2 or words[0].startswith("--"):
        raise Unreadable(f"COPY {rest}")
    *sources, target = words
    return Step(stage.folder, {}, origin=origin, sources=tuple(sources), target=target)


def _say(stage: Stage, word: str, rest: str) -> None:
    match word:
        case "ARG":
            stage.arguments.update([_pair(rest)])
        case "ENV":
            stage.environment.update(_pair(each) for each in shlex.split(rest))
        case "LABEL":
            stage.labels.update(_pair(_filled(each, stage.arguments)) for each in shlex.split(rest))
        case "USER":
            stage.user = rest
        case "WORKDIR":
            stage.folder = rest
        case "ENTRYPOINT":
            stage.entrypoint = tuple(json.loads(rest))
        case "CMD":
            stage.command = tuple(json.loads(rest))
        case "HEALTHCHECK":
            stage.health = () if rest == "NONE" else tuple(json.loads(rest.partition("CMD ")[2]))


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value.strip('"')


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], text)
