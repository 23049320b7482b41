"""demo/printers/port.py: a port is kept, can be listened on, and is nobody else's."""

import socket

import pytest

from demo.printers.port import Port


def listen(number, *, reuse):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    server.bind(("127.0.0.1", number))
    server.listen()
    return server


def test_a_server_can_listen_on_a_kept_port_again_and_again():
    with Port() as port:
        for _ in range(2):
            server = listen(port.number, reuse=1)
            client = socket.create_connection(("127.0.0.1", port.number))
            line, peer = server.accept()
            assert peer == client.getsockname()
            line.close()
            server.close()
            client.close()


def test_a_kept_port_is_given_to_nobody_else():
    with Port() as port:
        with pytest.raises(OSError):
            listen(port.number, reuse=0)
        others = [Port() for _ in range(500)]
        assert port.number not in {other.number for other in others}
        for other in others:
            other.close()
