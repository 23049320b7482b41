"""The registry's rules as tables."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Capabilities, Device, DeviceType, PrinterState
from libs.contracts.ids import device_id
from services.registry.domain import Change, Known, compare, first_default, overtaken, reachable, shard_of, trustworthy

AGENT = "jueKiUEE"


def device(name, **more):
    return Device(id=device_id(AGENT, name), name=name, **more)


OFFICE = device("Office")
STOPPED = replace(OFFICE, state=PrinterState.STOPPED, reasons=("media-empty",))
ABLE = replace(OFFICE, capabilities=Capabilities(max_copies=99))

CHANGES = {
    "a new device": ({}, [OFFICE], [Change(Known(OFFICE, 1), ("added",))]),
    "nothing new": ({OFFICE: 4}, [OFFICE], []),
    "another state": ({OFFICE: 4}, [STOPPED], [Change(Known(STOPPED, 5), ("state",))]),
    "not accepting": (
        {OFFICE: 4},
        [replace(OFFICE, accepting=False)],
        [Change(Known(replace(OFFICE, accepting=False), 5), ("state",))],
    ),
    "other capabilities": ({OFFICE: 4}, [ABLE], [Change(Known(ABLE, 5), ("capabilities",))]),
    "both": (
        {OFFICE: 4},
        [replace(ABLE, state=PrinterState.STOPPED)],
        [Change(Known(replace(ABLE, state=PrinterState.STOPPED), 5), ("state", "capabilities"))],
    ),
    "gone": ({OFFICE: 4}, [], [Change(Known(OFFICE, 5, gone=True), ("removed",))]),
}


@pytest.mark.parametrize(("before", "reported", "changes"), CHANGES.values(), ids=CHANGES.keys())
def test_what_a_report_changes(before, reported, changes):
    known = {each.id: Known(each, revision) for each, revision in before.items()}
    assert list(compare(known, reported)) == changes


def test_a_device_that_comes_back_is_added_with_the_next_revision():
    known = {OFFICE.id: Known(OFFICE, 7, gone=True)}
    assert compare(known, [OFFICE]) == (Change(Known(OFFICE, 8), ("added",)),)
    assert compare(known, []) == ()


def test_a_report_leaves_what_an_application_serves():
    served = {OFFICE.id: Known(OFFICE, 7, served_by="app")}
    assert compare(served, []) == ()
    assert compare(served, [STOPPED]) == (), "nor does an agent take its name"
    gone = {OFFICE.id: Known(OFFICE, 8, gone=True, served_by="app")}
    assert compare(gone, [OFFICE]) == (Change(Known(OFFICE, 9), ("added",)),), "it is the agent's then"


def test_only_devices_with_the_id_of_their_name_are_believed():
    wrong = replace(OFFICE, id="a.b.*")
    assert trustworthy(AGENT, [wrong, OFFICE, OFFICE, device("")]) == (OFFICE,)
    assert trustworthy("ABCDEFGH", [OFFICE]) == ()


LABEL, CHOSEN = device("Label"), device("Chosen", system_default=True)
CAMERA = device("Cam", type=DeviceType.CAMERA, system_default=True)


@pytest.mark.parametrize(
    ("devices", "first"),
    [
        ([], None),
        ([OFFICE], OFFICE),
        ([OFFICE, LABEL], None),
        ([OFFICE, CHOSEN, LABEL], CHOSEN),
        ([CAMERA], None),
        ([CAMERA, OFFICE], OFFICE),
    ],
)
def test_the_systems_own_choice_or_the_only_printer_becomes_the_default(devices, first):
    assert first_default(devices) == first


@pytest.mark.parametrize(
    ("stored_at", "last", "late"), [(10, 0, False), (10, 10, False), (10, 11, True), (11, 10, False), (0, 3_600_000, False)]
)
def test_a_report_is_overtaken_by_a_later_one_unless_the_clock_was_set_back(stored_at, last, late):
    assert overtaken(stored_at, last) is late


@pytest.mark.parametrize("state", list(PrinterState))
@pytest.mark.parametrize("online", [True, False])
def test_a_device_is_reachable_when_its_agent_and_it_answer(state, online):
    expected = online and state is not PrinterState.UNREACHABLE
    assert reachable(replace(OFFICE, state=state), agent_online=online) is expected


def test_a_thousand_agents_share_a_shard():
    assert [shard_of(count) for count in (0, 999, 1000, 2500)] == [0, 0, 1, 2]
