"""Ids: those of the protocol's capture decode, ours are made the same way."""

from datetime import UTC, datetime

import pytest

from libs.contracts.ids import base36, device_id, job_name, task_id, token_digest

#: webprinter.md 1.8: digits, time, worker, sequence.
CAPTURED = [
    ("79gft24uh7uo", datetime(2022, 3, 22, 20, 32, 14, 658_000, UTC), 33, 0),
    ("79gfws04qku8", datetime(2022, 3, 22, 20, 33, 24, 134_000, UTC), 99, 0),
    ("79h3plds9e68", datetime(2022, 3, 23, 1, 0, 12, 434_000, UTC), 99, 0),
    ("79h4b295r94w", datetime(2022, 3, 23, 1, 6, 53, 543_000, UTC), 99, 0),
    ("79h86ap05on4", datetime(2022, 3, 23, 1, 50, 14, 926_000, UTC), 99, 0),
]


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.mark.parametrize(("digits", "moment", "worker", "sequence"), CAPTURED)
def test_the_ids_of_the_capture_are_made_of_their_parts(digits, moment, worker, sequence):
    assert task_id("jueKiUEE", milliseconds(moment), worker, sequence) == f"jueKiUEE-{digits}"


@pytest.mark.parametrize(("digits", "moment", "worker", "sequence"), CAPTURED)
def test_the_ids_of_the_capture_decode_to_their_parts(digits, moment, worker, sequence):
    number = int(digits, 36)
    assert (number >> 22) + milliseconds(datetime(2015, 1, 1, tzinfo=UTC)) == milliseconds(moment)
    assert ((number >> 12) & 0x3FF, number & 0xFFF) == (worker, sequence)


def test_ids_sort_as_their_times_until_2050():
    days = [datetime(year, 1, 1, tzinfo=UTC) for year in range(2015, 2050)]
    made = [task_id("sn", milliseconds(day), 1023, 4095) for day in days]
    assert made == sorted(made)
    assert {len(each) for each in made} == {len("sn-") + 12}


def test_a_clock_that_begins_in_1970_makes_ids_too():
    made = {task_id("sn", at, 1, 2) for at in range(0, 100_000, 1000)}
    assert len(made) == 100
    assert {len(each) for each in made} == {len("sn-") + 12}


def test_worker_and_sequence_stay_in_their_bits():
    assert task_id("sn", milliseconds(CAPTURED[0][1]), 1024 + 33, 4096) == f"sn-{CAPTURED[0][0]}"


def test_base36_is_padded_and_lower_case():
    assert (base36(0, 3), base36(35, 2), base36(36**3 - 1, 2)) == ("000", "0z", "zzz")


def test_a_devices_id_is_a_token_of_its_agent_and_its_name():
    made = {device_id(agent, name) for agent in ("agentAAA", "agentBBB") for name in ("Paper", "paper", "Büro 1. Stock", "a/b")}
    assert len(made) == 8
    assert all(each.isalnum() and each == each.lower() and len(each) == 12 for each in made)
    assert device_id("agentAAA", "Paper") == device_id("agentAAA", "Paper")


def test_a_token_is_known_by_its_sha256_only():
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_an_attempt_has_a_name_of_its_own():
    assert job_name("jueKiUEE-79h86ap05on4", 2) == "jueKiUEE-79h86ap05on4.2"
