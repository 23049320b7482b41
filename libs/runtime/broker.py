"""FastStream with our rules fixed: explicit acknowledgement, back-off, no declaring, answers and refusals (design.md section 6)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from faststream import AckPolicy, BaseMiddleware
from faststream.message import StreamMessage
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.security import NatsCredentials
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from libs.contracts.message import Message, Undecodable, decode, encode
from libs.contracts.permissions import inbox
from libs.contracts.queries import Code, Refusal
from libs.contracts.streams import BACKOFF, ConsumerSpec
from libs.runtime.bus import PING, PINGS, Refused, rest
from libs.runtime.closing import arrived
from libs.runtime.ending import end
from libs.runtime.service import Check
from libs.runtime.traces import Tracing
from libs.runtime.trust import bus_options, bus_servers

log = structlog.get_logger()


def make_broker(url: str, user: str, credentials: Path, tracing: Tracing, grace: float) -> NatsBroker:
    """A broker of one user. Handlers get decoded messages and nothing injected; reconnects for ever."""
    middlewares: list[Any] = [Settle]
    if tracing.provider:
        from faststream.nats.opentelemetry import NatsTelemetryMiddleware  # noqa: PLC0415 - few servers have a collector

        middlewares.insert(0, NatsTelemetryMiddleware(tracer_provider=tracing.provider))
    return NatsBroker(
        bus_servers(url),
        name=user,
        inbox_prefix=inbox(user),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=PING,
        max_outstanding_pings=PINGS,
        graceful_timeout=grace,
        apply_types=False,
        middlewares=middlewares,
        security=_security(url, credentials),
        logger=None,
    )


def _security(url: str, credentials: Path) -> NatsCredentials:
    options = bus_options(url, credentials)
    if not options:
        return NatsCredentials(str(credentials))
    first: bool = options["tls_handshake_first"]
    return NatsCredentials(str(credentials), ssl_context=options["tls"], use_ssl=True, tls_handshake_first=first)


class Unreadable(Exception):
    """What came cannot be read (`code` says how so). `again`: its reader may be behind the times, so that others try it."""

    def __init__(self, problem: str, code: Code = Code.BAD_REQUEST, *, again: bool = False) -> None:
        super().__init__(problem)
        self.code = code
        self.again = again


class Unanswerable(Exception):
    """A question that wants its answer anywhere but in an inbox: we have more rights than who asks, and lend them to nobody."""


class Settle(BaseMiddleware):
    """Acknowledge what was handled; what raised comes again after a growing pause, until the consumer's `max_deliver`.

    What cannot be read is terminated, unless its consumer counts its tries; a question that cannot be read is refused.
    """

    async def after_processed(
        self, exc_type: type[BaseException] | None = None, exc_val: BaseException | None = None, exc_tb: Any = None
    ) -> bool | None:
        if isinstance(exc_val, Unanswerable):
            log.warning("question without an inbox left out", problem=str(exc_val))
            return True
        if isinstance(exc_val, Unreadable) and self.msg is not None:
            await _refuse(self.msg, exc_val)
            return True
        return await super().after_processed(exc_type, exc_val, exc_tb)

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: StreamMessage[Any]) -> Any:
        if not _from_stream(msg):
            return await call_next(msg)
        try:
            result = await call_next(msg)
        except (Unreadable, Unanswerable):
            raise  # for `after_processed`, which hears of them wherever they were noticed
        except Exception:
            raw = msg.raw_message
            log.exception("message failed", subject=raw.subject, tries=raw.metadata.num_delivered)
            await raw.nak(delay=_pause(raw))
            return None
        await msg.ack()
        return result


async def _refuse(message: Msg, problem: Unreadable) -> None:
    log.error("message is not readable", subject=message.subject, problem=str(problem))
    if not message.reply.startswith("$JS.ACK."):
        if message.reply:
            await message.respond(encode(Refusal(code=problem.code, message=f"The question cannot be read: {problem}.")))
    elif problem.again:
        await message.nak(delay=_pause(message))
    else:
        await message.term()


def _pause(message: Msg) -> float:
    """Seconds before a message comes again, by how often it came."""
    return BACKOFF[min(message.metadata.num_delivered, len(BACKOFF)) - 1]


def _from_stream(msg: StreamMessage[Any]) -> bool:
    return str(getattr(msg.raw_message, "reply", "")).startswith("$JS.ACK.")


def reads(spec: ConsumerSpec, kind: Any, user: str) -> dict[str, Any]:
    """Arguments of `@broker.subscriber` that read one durable, one message at a time, decoded as `kind`."""
    return {
        "subject": spec.filters[0] if spec.filters else "",
        "stream": JStream(spec.stream, declare=False),
        "durable": spec.durable,
        "pull_sub": PullSub(batch_size=1, timeout=5.0),
        "ack_policy": AckPolicy.MANUAL,
        "inbox_prefix": f"{inbox(user)}.".encode(),
        "decoder": _decoder(kind, again=spec.max_deliver > 0),
        "no_reply": True,
    }


def answers(query: type[Message], region: str, service: str) -> dict[str, Any]:
    """Arguments of `@broker.subscriber` that answer one kind of question; replicas share the questions."""
    fields = dict.fromkeys(query.__dataclass_fields__, "*")
    subject = query.SUBJECT.format_map({**fields, "region": region})
    return {"subject": subject, "queue": service, "decoder": _decoder(query), "ack_policy": AckPolicy.MANUAL}


def _decoder(kind: Any, *, again: bool = False) -> Callable[[StreamMessage[Any]], Awaitable[Any]]:
    async def decoded(message: StreamMessage[Any]) -> Any:
        raw = message.raw_message
        if raw.reply and not raw.reply.startswith(("_INBOX.", "$JS.ACK.")):
            raise Unanswerable(raw.subject)
        try:
            found = decode(kind, message.body)
        except Undecodable as problem:
            raise Unreadable(str(problem), again=again) from None
        if found.subject != raw.subject:  # who may publish where is the bus's business, so the subject is what counts
            raise Unreadable("its body speaks for another than its subject", Code.FORBIDDEN)
        return found

    return decoded


def answering(handler: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[bytes]]:
    """A handler of questions: what it returns is the answer, a `Refused` is a refusal, anything else a fault."""

    async def answer(query: Any) -> bytes:
        try:
            return encode(await handler(query))
        except Refused as refusal:
            return encode(Refusal(code=refusal.code, message=refusal.message))
        except Exception:
            log.exception("question failed", query=type(query).__name__)
            return encode(Refusal(code=Code.FAULT, message="The service could not answer; its log says why."))

    answer.__name__ = getattr(handler, "__name__", "answer")
    return answer


def listening(js: Callable[[], JetStreamContext], spec: ConsumerSpec) -> Check:
    """A readiness check that notices a deleted consumer: reading one spins silently."""

    async def check() -> str:
        try:
            await js().consumer_info(spec.stream, spec.durable)
        except NotFoundError:
            return f"the consumer {spec.durable} of {spec.stream} is gone: run `python -m services provision`"
        except (NatsError, TimeoutError) as error:
            return f"the consumer {spec.durable} cannot be asked for: {type(error).__name__}"
        return ""

    return check


@asynccontextmanager
async def running(broker: NatsBroker) -> AsyncIterator[NatsBroker]:
    """The broker while the block runs; handlers that are at work are waited for."""
    await broker.start()
    client = broker.connection
    rest(client)
    await arrived(client)  # who hears that we run may ask at once
    try:
        yield broker
    finally:
        try:
            await broker.stop()
        except NatsError as error:  # the line is down, and nothing can be drained
            log.info("broker stopped without a line", error=type(error).__name__)
            await client.close()


@asynccontextmanager
async def keep_alive(message: StreamMessage[Any], lease: float) -> AsyncIterator[None]:
    """Tell the stream that a long handler still works on its message, three times per lease (seconds)."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(lease / 3)
            try:
                await message.raw_message.in_progress()
            except NatsError as error:  # the next one may come through
                log.warning("progress not told", subject=message.raw_message.subject, error=type(error).__name__)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        await end(telling)
