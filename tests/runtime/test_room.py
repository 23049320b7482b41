"""Whether there is room on a disk."""

from libs.runtime import room as module
from libs.runtime.room import Room, free


def test_room_is_short_when_less_is_free_than_must_be(tmp_path):
    left = free(tmp_path)
    assert left
    assert not Room(tmp_path, left // 2).short
    assert Room(tmp_path, left * 2).short


def test_a_folder_that_is_elsewhere_is_nobodys_business(tmp_path):
    assert free(tmp_path / "elsewhere") is None
    assert not Room(tmp_path / "elsewhere", 1 << 60).short


def test_one_look_is_believed_for_a_moment(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(module, "free", lambda folder: looks.append(folder) or 1)
    room = Room(tmp_path, 2)
    assert [room.short, room.short, room.short] == [True] * 3
    assert len(looks) == 1
