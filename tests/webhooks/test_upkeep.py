"""What the dispatcher does by the clock."""

import asyncio
from typing import cast

import pytest

from services.webhooks import upkeep
from services.webhooks.meters import Meters


class SlowMeters:
    """A count that takes its time, as where hundreds of thousands of deliveries wait."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.looks = 0

    async def look(self) -> None:
        self.looks += 1
        await asyncio.sleep(self._seconds)  # the pace of its count


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.0, 3, 1000), (0.1, 1, 1)])
async def test_a_count_takes_a_small_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch, seconds: float, least: int, most: int
) -> None:
    monkeypatch.setattr(upkeep, "COUNT", 0.02)
    meters = SlowMeters(seconds)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await upkeep.count(cast(Meters, meters))
    assert least <= meters.looks <= most
