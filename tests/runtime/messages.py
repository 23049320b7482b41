"""Messages that the tests of the plumbing publish."""

from libs.contracts.agents import AdmitAgent
from libs.contracts.dead import DeadLetter
from libs.contracts.message import encode
from libs.contracts.queries import GetDevice
from libs.runtime.bus import Bus, Outgoing


def letter(sequence: int, cause: str = "a test") -> DeadLetter:
    """A message with an id of its own: `TEST:<sequence>:nobody` on `dead.local.TEST`."""
    return DeadLetter(region="local", stream="TEST", sequence=sequence, reader="nobody", tries=1, cause=cause)


def row(number: int, subject: str = "dead.local.TEST", size: int = 0) -> Outgoing:
    return Outgoing(subject, encode(letter(number, "x" * size)), f"row-{number}")


def admission(agent: str = "agentAAA", journal: str = "journal") -> AdmitAgent:
    return AdmitAgent(region="local", tenant="main", agent=agent, journal=journal)


def device(name: str = "Paper") -> GetDevice:
    return GetDevice(region="local", tenant="main", sn="agentAAA", agent="agentAAA", name=name)


async def stored(bus: Bus, stream: str) -> list[bytes]:
    """Everything that a stream holds, in its order."""
    state = (await bus.js.stream_info(stream)).state
    found = [await bus.js.get_msg(stream, sequence) for sequence in range(state.first_seq, state.last_seq + 1)]
    return [message.data or b"" for message in found]
