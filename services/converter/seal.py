"""Seals the calling process, or as a program: seals itself and becomes an engine. Standard library only, any Python from 3.11.

What is done is told by a `Spec`; what cannot be done ends the process. The order matters: a change of user clears the
parent-death signal, a mount needs rights that the user does not have, and a process namespace begins with the next child.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from typing import Any

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

#: One user id for every running engine: this and the id of its process, a range that nothing else assigns.
FIRST_USER = 0x70000000
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Spec:
    """How a process is sealed.

    `user`: "own" (a user id of its own), "nobody" or "same". `namespaces`: of "user", "net", "mount", "pid".
    `folder` becomes its /tmp and its own; `hidden` folders are seen empty. `memory` limits its address space in bytes
    (0: no limit), `file` the files it writes. `listen`: so many listening TCP sockets on its own loopback are handed out
    through the Unix socket `post` in its folder.
    """

    parent: int
    folder: str
    user: str = "same"
    namespaces: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    memory: int = 0
    file: int = 0
    listen: int = 0

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def read_spec(text: str) -> Spec:
    """A spec from its JSON."""
    found = json.loads(text)
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    return Spec(**values)


def seal(spec: Spec) -> None:
    """Seal this process for good. With a process namespace only a child of it returns; the parent waits and passes on its end."""
    _die_with(spec.parent)
    if os.getpgrp() != os.getpid():
        os.setsid()
    user = {"own": FIRST_USER + os.getpid(), "nobody": NOBODY, "same": -1}[spec.user]
    if user >= 0 and spec.folder:
        os.chown(spec.folder, user, user)
    _unshare(spec.namespaces)
    if "net" in spec.namespaces:
        _loopback_up()
    if spec.listen:
        _hand_out_listeners(spec)
    if "pid" in spec.namespaces:
        _continue_in_child()
    if "mount" in spec.namespaces:
        _mounts(spec)
    for kind, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, spec.memory), (resource.RLIMIT_FSIZE, spec.file)):
        if limit or kind == resource.RLIMIT_CORE:
            resource.setrlimit(kind, (limit, limit))
    if user >= 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _die_with(parent: int) -> None:
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have ended before it was asked; inside a wrapper (0) the wrapper's parent watches.
    if parent and os.getppid() != parent:
        os._exit(1)


def _unshare(namespaces: tuple[str, ...]) -> None:
    if not namespaces:
        return
    user, group = os.getuid(), os.getgid()
    flags = {"user": _NEWUSER, "net": _NEWNET, "mount": _NEWNS, "pid": _NEWPID | _NEWIPC}
    _call("unshare", sum(flags[name] for name in namespaces))
    if "user" in namespaces:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        name, flags = struct.unpack("16sh", ioctl(probe, _SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))
        ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh", name, flags | _IFF_UP))


def _hand_out_listeners(spec: Spec) -> None:
    listeners = []
    for _ in range(spec.listen):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        listeners.append(listener)
    folder = os.open(spec.folder, os.O_RDONLY | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as post:
        # By the folder's descriptor: an address of a Unix socket has at most 107 bytes.
        post.connect(f"/proc/self/fd/{folder}/post")
        socket.send_fds(post, [b"l"], [listener.fileno() for listener in listeners])
    os.close(folder)
    for listener in listeners:
        listener.close()


def _continue_in_child() -> None:
    outer = os.getpid()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # Inside, the parent's id is 0; that it still lives is told by the pipe. It also waits for the parent to have read
        # /proc, which the child is about to replace for both.
        if not os.read(read, 1):
            os._exit(1)
        os.close(read)
        return
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - closes what it finds
        # Its pipes are the child's now: their other ends must see the child's end.
        if int(name) != write:
            with contextlib.suppress(OSError):
                os.close(int(name))
    os.write(write, b"!")
    os.close(write)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        os.kill(outer, signal.SIGKILL)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _mounts(spec: Spec) -> None:
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    if spec.folder:
        _mount(spec.folder, "/tmp", "", _MS_BIND)  # noqa: S108 - this is what makes it private
    for path in ("/var/tmp", "/dev/shm"):  # noqa: S108 - likewise
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=1777,size=512m")
    for path in spec.hidden:
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_RDONLY, "mode=755,size=4k")
    if "pid" in spec.namespaces:
        _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _call("mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode() or None)


def main(arguments: Sequence[str]) -> None:
    """`seal.py SPEC -- PROGRAM ARGUMENT...`: seal this process, then become the program."""
    seal(read_spec(arguments[0]))
    os.execv(arguments[2], list(arguments[2:]))  # noqa: S606 - the command line is ours


if __name__ == "__main__":
    main(sys.argv[1:])
