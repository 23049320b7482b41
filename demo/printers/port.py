"""A TCP port of this machine that nobody else takes while it is kept."""

import socket
from types import TracebackType
from typing import Self


class Port:
    """Keeps a free port for a server that can only be told a number.

    A bound socket that does not listen keeps the kernel from handing the port to anyone else, while a server that sets
    SO_REUSEADDR, as those of CUPS do, can bind it: now, and again after its power was cut.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after bind: it must not share a port
        self.number: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives the port back."""
        self._socket.close()
