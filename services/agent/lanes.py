"""One lane per printer: attempts go to paper in the order of the journal, and no printer waits for another."""

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from opentelemetry.trace import SpanKind

from libs.contracts.streams import PRINT
from libs.runtime import traces
from libs.runtime.ending import TIDYING, end
from libs.runtime.traces import Tracing
from services.agent.attempt import Attempt, Withdrawn
from services.agent.changes import now
from services.agent.cleaning import Cleaning
from services.agent.documents import Documents, MissingError
from services.agent.domain import Deed, Failed, Outcome, Printed, Sight, Step, Unknown, expired, settle
from services.agent.drivers import STUCK, Declined, Fault, Printer
from services.agent.meters import Meters
from services.agent.turnstile import Turnstile

log = structlog.get_logger()

#: Waits between tries of what a printer cannot do now, in seconds; the last one repeats.
PAUSES = (0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0)
#: The reason of a task whose document does not come (RFC 8011 section 5.3.8).
UNFETCHED = "document-access-error"
#: How long a printer that is not there may be missing before its tasks say so, in seconds.
MISSING_AFTER = 5.0


class Lane:
    """The line of one printer. `ended` is called with every attempt that is over, in whatever way."""

    def __init__(
        self, label: str, documents: Documents, tracing: Tracing, ended: Callable[[Attempt], None], meters: Meters
    ) -> None:
        self.label = label
        self.driver = ""  # the kind of its printer, by the name of the driver's file
        self._meters = meters
        self._documents = documents
        self._tracing = tracing
        self._ended = ended
        self._waiting: deque[Attempt] = deque()
        self._walking: set[asyncio.Task[None]] = set()
        self._cleaning = Cleaning(documents, label)
        self._numbers = itertools.count()
        self._turnstile = Turnstile()
        self._printer: Printer | None = None
        self._there = asyncio.Event()
        self._changed = asyncio.Event()
        self._open = False

    @property
    def rated(self) -> int:
        """Pages per minute that its printer says it can make, 0: it does not say, or is not there."""
        return self._printer.seen.rated if self._printer else 0

    def open(self) -> None:
        """Let attempts begin."""
        self._open = True
        self._fill()

    def pause(self) -> None:
        """Begin no more attempts; those on their way go on."""
        self._open = False

    def attach(self, printer: Printer | None) -> None:
        """The printer of this lane is there, has changed, or is gone (None)."""
        self._printer = printer
        if printer:
            self._there.set()
        else:
            self._there.clear()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._fill()

    def add(self, attempt: Attempt) -> None:
        """Put an attempt at the end of the line."""
        self._waiting.append(attempt)
        self._fill()

    def withdraw(self, attempt: Attempt) -> None:
        """Take an attempt out whose tombstone stands."""
        if attempt.walk:
            attempt.walk.cancel()
            return
        self._waiting.remove(attempt)
        self._clean(attempt)

    def clean(self, attempt: Attempt) -> None:
        """Clear away what a withdrawn attempt may have left, now or before a restart."""
        self._cleaning.clean(attempt, lambda: self._printer)

    async def close(self) -> None:
        """Stop where it is: the journal knows the rest."""
        self._open = False
        await end(*self._walking, again=TIDYING)
        await self._cleaning.close()

    def _fill(self) -> None:
        window = self._printer.window if self._printer else 1
        while self._open and self._waiting and len(self._walking) < window:
            attempt = self._waiting.popleft()
            number = next(self._numbers)
            self._turnstile.enter(number)
            attempt.walk = asyncio.create_task(self._walk(attempt, number), name=f"print {attempt.name}")
            self._walking.add(attempt.walk)

    async def _walk(self, attempt: Attempt, number: int) -> None:
        order = attempt.order
        attempt.begin()
        try:
            about = {"task": order.task, "printer": self.label, **traces.processing(PRINT, order.id)}
            with self._tracing.span("print document", order.traceparent, SpanKind.CONSUMER, **about):
                await self._bring(attempt, number)
        except (Withdrawn, asyncio.CancelledError):
            if attempt.step is not Step.WITHDRAWN:
                raise  # the agent stops
            self._clean(attempt)
        except Exception:
            # A driver's own mistake must not stop the line, and must not print twice.
            log.exception("attempt broken off", task=order.task, attempt=order.attempt, printer=self.label)
            await self._end(attempt, _broken(attempt))
        finally:
            self._turnstile.leave(number)
            if attempt.walk:
                self._walking.discard(attempt.walk)
            if attempt.step is Step.DONE:
                self._meters.printed(*attempt.told_after)
                self._ended(attempt)
            self._fill()

    async def _bring(self, attempt: Attempt, number: int) -> None:
        """One attempt from wherever it stands to its end."""
        printer = await self._present(attempt)
        deed = Deed.PRINT if attempt.step is Step.TAKEN else await self._settle(printer, attempt)
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            try:
                outcome = await self._do(deed, printer, attempt, number)
            except Declined as no:
                outcome = Failed(no.reason, no.message, no.transient)
            except Fault as fault:
                log.warning("attempt adrift", task=attempt.order.task, printer=self.label, reason=fault.reason)
                self._turnstile.enter(number)
                await _first(self._changed.wait(), pause)
                deed = await self._settle(printer, attempt)
                if fault.reason == STUCK and deed is Deed.CANCEL:
                    deed = await self._cancel(printer, attempt)
                if fault.reason != STUCK or deed is not Deed.PRINT:
                    continue
                # Nothing of it is on paper, and the same document again would hold up all others again.
                outcome = Failed(fault.reason, fault.message, transient=True)
            if outcome:
                await self._end(attempt, outcome)
            return

    async def _do(self, deed: Deed, printer: Printer, attempt: Attempt, number: int) -> Outcome | None:
        """None: it ended by itself (expired)."""
        if deed is Deed.CANCEL:
            deed = await self._cancel(printer, attempt)
        if deed is Deed.UNKNOWN:
            return _unknown(self.label)
        if deed is Deed.PRINT and not await self._print(printer, attempt, number):
            return None
        if deed is Deed.RELEASE:
            await self._turnstile.enter(number).wait()
            await self._persist(attempt, lambda: printer.release(attempt), repeatable=True)
        if attempt.step < Step.RELEASING:
            await attempt.reach(Step.RELEASED)  # it was on its way, further than the journal knew
        self._turnstile.leave(number)
        return await printer.follow(attempt)

    async def _print(self, printer: Printer, attempt: Attempt, number: int) -> bool:
        """Bring it to the printer in its turn; False: its time is over."""
        turn = self._turnstile.enter(number)
        if attempt.step < Step.INTENT and expired(attempt.order, now()):
            await attempt.expire()
            return False
        try:
            attempt.content = await self._documents.fetch(attempt.order, turn, partial(attempt.stop, UNFETCHED))
        except MissingError as error:
            raise Declined(UNFETCHED, str(error)) from error
        attempt.resume()
        await self._persist(attempt, lambda: printer.prepare(attempt))
        await turn.wait()
        try:
            await self._persist(attempt, lambda: self._put(printer, attempt))
        except _ExpiredError:
            await self._persist(attempt, lambda: printer.discard(attempt))
            await attempt.expire()
            return False
        return True

    async def _put(self, printer: Printer, attempt: Attempt) -> None:
        if attempt.step < Step.RELEASING and expired(attempt.order, now()):
            raise _ExpiredError
        await printer.put(attempt)

    async def _settle(self, printer: Printer, attempt: Attempt) -> Deed:
        """What to do with an attempt that may be on its way already; the printer's own list says it."""
        sights: list[Sight] = []

        async def look() -> None:
            sights.append(await printer.look(attempt))

        await self._persist(attempt, look, repeatable=True)
        deed = settle(printer.means, attempt.step, sights[-1])
        log.info("attempt settled", task=attempt.order.task, step=attempt.step.word, sight=sights[-1].value, deed=deed.value)
        return deed

    async def _cancel(self, printer: Printer, attempt: Attempt) -> Deed:
        """Remove what stands there without ink, then look again: it may have got its document in that very moment."""
        await self._persist(attempt, lambda: printer.discard(attempt), repeatable=True)
        deed = await self._settle(printer, attempt)
        if deed is Deed.FOLLOW or deed is Deed.RELEASE:
            return deed
        await attempt.reach(Step.INTENT)
        return Deed.PRINT

    async def _persist(self, attempt: Attempt, act: Callable[[], Awaitable[None]], *, repeatable: bool = False) -> None:
        """Do what the printer may refuse for now, until it is done; past RELEASING only what cannot repeat ink."""
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            changed = self._changed
            try:
                await act()
            except Fault as fault:
                if (attempt.step >= Step.RELEASING and not repeatable) or fault.reason == STUCK:
                    raise
                if fault.reason:
                    attempt.stop(fault.reason, fault.message)
            else:
                attempt.resume()
                return
            await _first(changed.wait(), pause)

    async def _present(self, attempt: Attempt) -> Printer:
        """The lane's printer, waited for."""
        if not self._there.is_set():
            await _first(self._there.wait(), MISSING_AFTER)
        if not self._there.is_set():
            attempt.stop("connecting-to-device", "The agent does not find this printer now; it goes on when the printer is back.")
            await self._there.wait()
            attempt.resume()
        assert self._printer  # noqa: S101 - set together with the event
        return self._printer

    async def _end(self, attempt: Attempt, outcome: Outcome) -> None:
        await attempt.end(outcome)
        whole = attempt.order.document.pages if isinstance(outcome, Printed) else 0
        self._meters.pages(self.label, self.driver, outcome.pages or whole)
        await self._documents.drop(attempt.order)

    def _clean(self, attempt: Attempt) -> None:
        self._ended(attempt)
        self.clean(attempt)


class _ExpiredError(Exception):
    """Its time was over before its turn came."""


async def _first(waiting: Awaitable[object], seconds: float) -> None:
    """Wait for something, but not longer."""
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return


def _unknown(printer: str) -> Unknown:
    return Unknown(
        f"Nobody can say whether it is on paper: the connection to {printer} was lost after the document began to leave. "
        "Look at the printer, then say what is true."
    )


def _broken(attempt: Attempt) -> Outcome:
    if attempt.step >= Step.RELEASING:
        return Unknown("The agent broke off while it was printing; look at the printer, then say what is true.")
    return Failed("aborted-by-system", "The agent could not print it because of a fault of its own; its log has the cause.")
