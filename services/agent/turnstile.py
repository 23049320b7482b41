"""Who may put paper next: the first of those that wait, in order of the line."""

import asyncio


class Turnstile:
    """Attempts enter with their number in the line; the lowest one inside has the turn until it passes."""

    def __init__(self) -> None:
        self._inside: dict[int, asyncio.Event] = {}

    def enter(self, number: int) -> asyncio.Event:
        """Get in line, again after having passed too; the event is set when it is this number's turn."""
        event = self._inside.setdefault(number, asyncio.Event())
        self._call()
        return event

    def leave(self, number: int) -> None:
        """Pass, or give up. The next one has the turn."""
        if self._inside.pop(number, None) is not None:
            self._call()

    def _call(self) -> None:
        if self._inside:
            self._inside[min(self._inside)].set()
