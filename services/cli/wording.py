"""Devices, scopes and events as people write them on the command line."""

from argparse import ArgumentTypeError
from dataclasses import dataclass

from libs.contracts.directory import Scope
from libs.contracts.endpoints import DeviceFilter, EventKind
from services.gateway.graph.rights.permissions import APPLICATION, DELEGATED
from services.registry.domain import SN_PATTERN
from services.registry.permits import ALL


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an application is let use: a device of an agent by its name, all of the agent, or all of all."""

    agent: str = ALL
    device: str = ALL


def allowed(text: str) -> Allowed:
    """`SN/NAME` or `SN/*`. Raises `ArgumentTypeError`."""
    agent, _, name = text.partition("/")
    if not SN_PATTERN.fullmatch(agent) or not name:
        raise ArgumentTypeError(f"{text!r} is no device: write the agent's serial number, a slash and the name, as jueKiUEE/Office")
    return Allowed(agent, name)


def scopes(text: str) -> tuple[Scope, ...]:
    """`print,read`. Raises `ArgumentTypeError`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in set(Scope)]
    if unknown or not words:
        raise ArgumentTypeError(f"{text!r} is no list of scopes: write some of {','.join(Scope)}, with commas")
    return tuple(dict.fromkeys(Scope(word) for word in words))


def words(text: str) -> tuple[str, ...]:
    """`one,two`; nothing is none."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def roles(text: str) -> tuple[str, ...]:
    """`Printer.Read.All,PrintJob.Manage.All`: Graph's permissions. Raises `ArgumentTypeError`."""
    said = words(text)
    if unknown := [each for each in said if each not in (*APPLICATION, *DELEGATED)]:
        raise ArgumentTypeError(f"{unknown[0]!r} is no permission: write some of {','.join(APPLICATION)}, with commas")
    return said


def kinds(text: str) -> tuple[EventKind, ...]:
    """`new,end`; nothing is those of tasks. Raises `ArgumentTypeError`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if any(word not in set(EventKind) for word in words):
        raise ArgumentTypeError(f"{text!r} is no list of events: write some of {','.join(EventKind)}, with commas")
    return tuple(dict.fromkeys(EventKind(word) for word in words))


def device(text: str) -> DeviceFilter:
    """`SN/NAME`, or `NAME` at any agent."""
    agent, slash, name = text.partition("/")
    return DeviceFilter(name, agent) if slash and name and SN_PATTERN.fullmatch(agent) else DeviceFilter(text)
