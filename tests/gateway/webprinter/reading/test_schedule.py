"""`startAt`, in every way in which a time is written."""

import time

import pytest

from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.schedule import read_start
from tests.gateway.fakes import door

SOON = (int(time.time()) + 86_400) * 1000


def start(given, **config):
    return read_start(Fields({"startAt": given}, "task"), Fields(config, "task.config"))


@pytest.mark.parametrize(
    "given",
    [
        SOON,
        str(SOON),
        SOON // 1000,
        f"{SOON / 1000:.3f}",
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(SOON // 1000)),
        time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(SOON // 1000 + 8 * 3600)),
    ],
    ids=["ms", "ms as text", "seconds", "fraction", "utc", "zone"],
)
def test_a_time_is_a_number_or_a_date(given):
    assert start(given) == SOON


@pytest.mark.parametrize("given", [None, "", 0, 1, "1999-01-01T00:00:00Z", -5])
def test_what_is_past_is_now(given):
    assert start(given) == 0


def test_it_may_stand_in_the_config():
    assert start(None, startAt=SOON) == SOON


@pytest.mark.parametrize("given", ["tomorrow", True, [1], "2030-13-01T00:00:00Z", "9" * 30])
def test_what_is_no_time_is_named(given):
    with pytest.raises(Rejected, match=r"^task.startAt must be a time in milliseconds or seconds since 1970"):
        start(given)


def test_a_date_without_a_zone_could_mean_any_hour():
    with pytest.raises(Rejected, match=r"must say its time zone"):
        start("2030-01-31T08:00:00")


def test_too_far_ahead_is_refused():
    with pytest.raises(Rejected, match=r"at most 365 days ahead"):
        start(SOON + 366 * 86_400_000)


async def test_a_scheduled_task_says_when(tmp_path):
    async with door(tmp_path) as rig:
        task = await rig.printed(content="<p>x", startAt=SOON)
        assert task.start_at == SOON
        assert task.hold is False
