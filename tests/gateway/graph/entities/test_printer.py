"""How a printer is, as Graph tells it."""

import pytest

from libs.contracts.devices import Capabilities
from libs.contracts.fleet import Profile
from services.gateway.graph.entities.printer import printer_entity, status
from services.gateway.graph.odata.query import Query
from tests.gateway.graph.calling import a_printer


@pytest.mark.parametrize(
    ("view", "state", "words"),
    [
        (a_printer(), "idle", "ready"),
        (a_printer(state="processing"), "processing", "printing"),
        (a_printer(state="stopped"), "stopped", "must look after it"),
        (a_printer(state="unreachable"), "stopped", "does not answer"),
        (a_printer(accepting=False), "idle", "takes no tasks"),
        (a_printer(online=False), "unknown", "not connected"),
        (a_printer(online=False, served_by="app", physical=False), "idle", "ready"),
    ],
)
def test_a_state_has_a_word_and_a_sentence(view, state, words):
    told = status(view)
    assert (told["state"], told["details"]) == (state, [])
    assert words in told["description"]


def test_who_made_it_is_what_was_said_or_what_the_device_says():
    device = Capabilities(make_and_model="Brother HL-L2350DW series")
    told = printer_entity(a_printer(capabilities=device), Query())
    assert (told["manufacturer"], told["model"]) == ("Brother", "HL-L2350DW series")
    told = printer_entity(a_printer(capabilities=device, profile=Profile(display="x", manufacturer="Ours")), Query())
    assert (told["displayName"], told["manufacturer"], told["model"]) == ("x", "Ours", "HL-L2350DW series")
    told = printer_entity(a_printer(), Query())
    assert (told["manufacturer"], told["model"]) == (None, None)


def test_what_nobody_knows_is_said_in_dates_that_are_none():
    told = printer_entity(a_printer(), Query())
    assert (told["registeredDateTime"], told["lastSeenDateTime"]) == ("0001-01-01T00:00:00Z", None)
