"""What an agent says of its machine."""

import platform
import socket

from services.agent.machine import machine


def test_an_agent_tells_its_machine_its_system_and_its_version():
    here = machine()
    assert here.host == socket.gethostname()
    assert here.system.startswith(platform.system())
    assert here.version[0].isdigit()
