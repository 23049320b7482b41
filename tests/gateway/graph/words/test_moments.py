"""Times as Graph's programs read and write them."""

import pytest

from services.gateway.graph.words.moments import instant, milliseconds


def test_a_time_has_its_z_and_no_time_is_null():
    assert instant(1_767_409_445_678) == "2026-01-03T03:04:05.678Z"
    assert instant(0) is None


@pytest.mark.parametrize(
    "text",
    ["2026-01-03T03:04:05Z", "2026-01-03T03:04:05+00:00", "2026-01-03T05:04:05.000+02:00", "2026-01-03T03:04:05.0000000Z"],
)
def test_times_come_with_z_with_an_offset_and_with_seven_digits(text):
    assert milliseconds(text) == 1_767_409_445_000


def test_a_time_without_a_zone_is_utc_and_a_day_is_its_first_moment():
    assert milliseconds("2026-01-03T03:04:05") == 1_767_409_445_000
    assert milliseconds("2026-01-03") == 1_767_398_400_000


def test_what_is_no_time_is_told():
    with pytest.raises(ValueError, match="Invalid"):
        milliseconds("tomorrow")
