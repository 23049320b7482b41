"""An outbox that was brought back gets new numbers: its region may know those that were given after the backup already.

It would take what comes under them for what it has, and leave it (design.md section 8).
"""

from collections.abc import Callable
from dataclasses import replace

from nats.js.api import StreamConfig

from libs.contracts.streams import all_kept_for, link_streams, outbox
from libs.runtime.admin import first_number, stream_config
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.history import History
from libs.runtime.reader import Incoming

#: Below this subject messages are kept meanwhile.
ASIDE = "aside"
#: Messages of one look, and what they may have together in bytes.
PAGE, BYTES = 500, 4 * 1024 * 1024


async def renumber(bus: Bus, region: str) -> int:
    """Make the outbox for a region anew with what is in it, in its order; how many messages. Nobody else may use it meanwhile.

    Raises the bus's `NotStored` and `Unanswered`, and NATS's errors.
    """
    stream, aside = outbox(region), f"{ASIDE}_{region}"
    (spec,) = (each for each in link_streams([region]) if each.name == stream)
    subjects = all_kept_for(region)
    await bus.js.add_stream(StreamConfig(name=aside, subjects=[f"{ASIDE}.{subjects}"], allow_direct=True, allow_atomic=True))
    try:
        await _move(bus, (stream, subjects), aside, lambda subject: f"{ASIDE}.{subject}")
        await bus.js.delete_stream(stream)
        await bus.js.add_stream(replace(stream_config(spec), first_seq=first_number(spec)))
        return await _move(bus, (aside, f"{ASIDE}.{subjects}"), stream, lambda subject: subject.removeprefix(f"{ASIDE}."))
    finally:
        await bus.js.delete_stream(aside)


async def _move(bus: Bus, source: tuple[str, str], target: str, named: Callable[[str], str]) -> int:
    stream, subjects = source
    history, after, count = History(bus, stream), 0, 0
    while page := await history.after(after, subjects, PAGE, most=BYTES):
        await bus.publish_batch(target, [_again(message, named(message.subject)) for message in page])
        after, count = page[-1].sequence, count + len(page)
    return count


def _again(message: Incoming, subject: str) -> Outgoing:
    """The same message, without what a stream said of it."""
    kept = {name: value for name, value in message.headers.items() if not name.startswith("Nats-")}
    return Outgoing(subject, message.data, message.headers.get("Nats-Msg-Id", ""), kept)
