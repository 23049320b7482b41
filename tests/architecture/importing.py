"""Run in an interpreter of its own: imports the named modules and prints, as JSON, all that they did beyond that."""

import importlib
import json
import os
import sys
import threading
import traceback
from typing import Any

#: Events of the interpreter (PEP 578) that a module has no business to cause while it is imported.
FORBIDDEN = {
    "_thread.start_new_thread": "starts a thread",
    "os.exec": "replaces the process",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "os.kill": "sends a signal",
    "os.mkdir": "makes a folder",
    "os.posix_spawn": "starts a program",
    "os.putenv": "changes the environment",
    "os.remove": "removes a file",
    "os.rename": "renames a file",
    "os.system": "runs a command",
    "signal.pthread_kill": "sends a signal",
    "socket.bind": "binds a socket",
    "socket.connect": "connects",
    "socket.getaddrinfo": "looks a name up",
    "socket.sendto": "sends",
    "sqlite3.connect": "opens a database",
    "subprocess.Popen": "starts a program",
    "tempfile.mkdtemp": "makes a temporary folder",
    "tempfile.mkstemp": "makes a temporary file",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """Counts the offences of what is being imported; `where` is the module whose turn it is."""

    def __init__(self) -> None:
        self.where = ""
        self.offences: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.where:
            return
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            self.note(f"opens {arguments[0]} for writing")
        elif event in FORBIDDEN:
            self.note(f"{FORBIDDEN[event]} ({event})")

    def note(self, what: str) -> None:
        self.offences.append(f"importing {self.where} {what}")


def main(known: str, names: list[str]) -> None:
    """Import `names`, watched, after `known` (a module of others that may do what it likes, or nothing)."""
    if known:
        importlib.import_module(known)
    watch = Watch()
    sys.addaudithook(watch)
    threads = threading.active_count()
    environment = dict(os.environ)
    for name in names:
        watch.where = name
        try:
            importlib.import_module(name)
        except BaseException:  # noqa: BLE001 - SystemExit too: a module that ends the process must be named
            watch.note("failed: " + traceback.format_exc(limit=-3))
        if threading.active_count() != threads:
            watch.note("leaves a thread running")
            threads = threading.active_count()
    watch.where = ""
    if dict(os.environ) != environment:
        watch.offences.append("the environment was changed")
    if threading.current_thread() is not threading.main_thread():
        watch.offences.append("the main thread was changed")
    print(json.dumps({"imported": len(names), "offences": watch.offences}))  # noqa: T201


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    main(sys.argv[2], sys.argv[3:])
