from pathlib import Path

from services.agent.peripherals.cameras import cameras


def video(folder: Path, number: int, name: str, capabilities: str | None) -> None:
    """A video device as sysfs and udev show it."""
    node = folder / "sys" / f"video{number}"
    node.mkdir(parents=True)
    (node / "name").write_text(f"{name}\n")
    (node / "dev").write_text(f"81:{number}\n")
    if capabilities is not None:
        (folder / "udev").mkdir(exist_ok=True)
        (folder / "udev" / f"c81:{number}").write_text(f"S:v4l/by-id/x\nE:ID_V4L_VERSION=2\nE:ID_V4L_CAPABILITIES={capabilities}\n")


def found(folder: Path) -> list[str]:
    return cameras(folder / "sys", folder / "udev", folder / "dev")


def test_a_machine_without_video_has_no_cameras(tmp_path):
    assert found(tmp_path) == []


def test_only_what_captures_is_a_camera(tmp_path):
    video(tmp_path, 10, "Studio: Cam", ":capture:")
    video(tmp_path, 0, "Laptop Cam", ":capture:")
    video(tmp_path, 1, "Laptop Cam", ":")
    video(tmp_path, 2, "Decoder", ":video_output:")
    assert found(tmp_path) == ["Laptop Cam", "Studio: Cam"]


def test_a_device_that_udev_says_nothing_about_is_asked_itself(tmp_path):
    video(tmp_path, 0, "Loopback", None)
    assert found(tmp_path) == []
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video0").write_bytes(b"no device")
    assert found(tmp_path) == []
