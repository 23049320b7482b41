"""At which of the agent's points each kind of printer is tried, with the passing: the second task's, so that others surround it."""

import pytest

#: Nothing can be on its way to the device yet.
READ = ("agent-before-taken:1", "agent-after-taken:1", "agent-after-acknowledged:1")
INTENT = ("agent-before-intent:2", "agent-after-intent:2")
HELD = ("agent-before-created:2", "agent-after-created:2", "agent-before-sent:2", "agent-after-sent:2")
RELEASING = ("agent-before-releasing:2",)
#: From here on something may have left.
RELEASED = ("agent-after-releasing:2", "agent-before-released:2", "agent-after-released:2")
MIDDLE = ("agent-mid-document:2",)
ENDS = ("agent-before-done:2", "agent-after-done:2", "agent-after-reported:2")
WRITTEN = ("agent-file-written:1",)
#: A folder takes all tasks before the first report leaves: they are told together.
TOGETHER = (*ENDS[:2], "agent-after-reported:1")

#: Kind of printer -> its points before data left (row 5), and after (row 6).
BEFORE = {
    "file": READ,
    "ipp": (*READ, *INTENT, *RELEASING),
    "cups": (*READ, *INTENT, *HELD, *RELEASING),
    "socket": (*READ, *INTENT, *RELEASING),
}
AFTER = {
    "file": (*WRITTEN, *TOGETHER),
    "ipp": (*RELEASED, *MIDDLE, *ENDS),
    "cups": (*MIDDLE, *RELEASED, *ENDS),
    "socket": (*RELEASED, *MIDDLE, *ENDS[1:]),
}
#: What `make test` tries: the step that hurts most, for each kind that a machine always has.
SHORT = {
    ("ipp", "agent-before-releasing:2"),
    ("file", "agent-before-done:2"),
    ("ipp", "agent-before-released:2"),
    ("socket", "agent-after-releasing:2"),
}


def params(row: int, points: dict[str, tuple[str, ...]]) -> list[object]:
    """All pairs of a printer and a point, as parameters of a test of this row."""
    return [
        pytest.param(kind, point, id=f"{kind} {point}", marks=pytest.mark.row(row, short=(kind, point) in SHORT))
        for kind, each in points.items()
        for point in each
    ]
