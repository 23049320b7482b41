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
from faststream.nats.opentelemetry import NatsTelemetryMiddleware
from faststream.nats.security import NatsCredentials
from nats.errors import Error as NatsError
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from libs.contracts.message import Message, decode, encode
from libs.contracts.permissions import inbox
from libs.contracts.queries import Code, Refusal
from libs.contracts.streams import BACKOFF, ConsumerSpec
from libs.runtime.bus import Refused
from libs.runtime.service import Check
from libs.runtime.traces import Tracing

log = structlog.get_logger()


def make_broker(url: str, user: str, credentials: Path, tracing: Tracing, grace: float) -> NatsBroker:
    """A broker of one user. Handlers get decoded messages and nothing injected; reconnects for ever."""
    middlewares: list[Any] = [Settle]
    if tracing.provider:
        middlewares.insert(0, NatsTelemetryMiddleware(tracer_provider=tracing.provider))
    return NatsBroker(
        url,
        name=user,
        inbox_prefix=inbox(user),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=10,
        graceful_timeout=grace,
        apply_types=False,
        middlewares=middlewares,
        security=NatsCredentials(str(credentials)),
        logger=None,
    )


class Settle(BaseMiddleware):
    """Acknowledge what was handled; what raised comes again after a growing pause, until the consumer's `max_deliver`."""

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: StreamMessage[Any]) -> Any:
        if not _from_stream(msg):
            return await call_next(msg)
        try:
            result = await call_next(msg)
        except Exception:
            tries = msg.raw_message.metadata.num_delivered
            log.exception("message failed", subject=msg.raw_message.subject, tries=tries)
            await msg.raw_message.nak(delay=BACKOFF[min(tries, len(BACKOFF)) - 1])
            return None
        await msg.ack()
        return result


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
        "decoder": _decoder(kind),
        "no_reply": True,
    }


def answers(query: type[Message], region: str, service: str) -> dict[str, Any]:
    """Arguments of `@broker.subscriber` that answer one kind of question; replicas share the questions."""
    fields = dict.fromkeys(query.__dataclass_fields__, "*")
    subject = query.SUBJECT.format_map({**fields, "region": region})
    return {"subject": subject, "queue": service, "decoder": _decoder(query), "ack_policy": AckPolicy.MANUAL}


def _decoder(kind: Any) -> Callable[[StreamMessage[Any]], Awaitable[Any]]:
    async def decoded(message: StreamMessage[Any]) -> Any:
        return decode(kind, message.body)

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
    await broker.connection.flush()  # who hears that we run may ask at once
    try:
        yield broker
    finally:
        await broker.stop()


@asynccontextmanager
async def keep_alive(message: StreamMessage[Any], lease: float) -> AsyncIterator[None]:
    """Tell the stream that a long handler still works on its message, three times per lease (seconds)."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(lease / 3)
            await message.raw_message.in_progress()

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
