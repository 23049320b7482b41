"""Cameras as Linux knows them (V4L2): video devices that can capture."""

import fcntl
import os
import struct
from pathlib import Path

_SYSFS = Path("/sys/class/video4linux")
_UDEV = Path("/run/udev/data")
_DEV = Path("/dev")
#: VIDIOC_QUERYCAP: struct v4l2_capability of 104 bytes, in it capabilities and device_caps (linux/videodev2.h).
_QUERYCAP = 0x80685600
_CAPABILITIES = struct.Struct("=16s32s32sIII12x")
_CAPTURE = 0x1 | 0x1000  # V4L2_CAP_VIDEO_CAPTURE, _MPLANE
_DEVICE_CAPS = 0x80000000


def cameras(sysfs: Path = _SYSFS, udev: Path = _UDEV, dev: Path = _DEV) -> list[str]:
    """The names of all cameras. Blocking, but short. One camera often has more devices, of which one captures."""
    try:
        nodes = sorted(sysfs.glob("video*"), key=lambda node: (len(node.name), node.name))
    except OSError:
        return []
    return [_name(node) for node in nodes if _captures(node, udev, dev)]


def _name(node: Path) -> str:
    return " ".join(_line(node / "name").split()) or node.name


def _captures(node: Path, udev: Path, dev: Path) -> bool:
    """What udev found out when the device came, or what the device says itself."""
    number = _line(node / "dev")
    if number:
        for line in _text(udev / f"c{number}").splitlines():
            if line.startswith("E:ID_V4L_CAPABILITIES="):
                return ":capture:" in line
    return _asked(dev / node.name)


def _asked(device: Path) -> bool:
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # not there, or not for us
    try:
        said = fcntl.ioctl(descriptor, _QUERYCAP, bytes(_CAPABILITIES.size))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    *_, capabilities, own = _CAPABILITIES.unpack(said)
    return bool((own if capabilities & _DEVICE_CAPS else capabilities) & _CAPTURE)


def _line(path: Path) -> str:
    return _text(path).strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
