"""Sending: the station that claims waiting deliveries of one channel, sends them over open connections and writes what became of them.

A crash between a provider's yes and our note of it sends at most 2 ``flush`` + ``connections`` messages twice, under the same
Message-ID: SMTP has no exactly once. Nothing is lost: a delivery that was not noted as sent is sent again when its lease ends.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, sessionmaker

from foundation import clock, logs
from hiring.notifications.asking import Unanswered
from hiring.notifications.breaker import Breaker
from hiring.notifications.contacts import ContactBook, Found
from hiring.notifications.interviews import InterviewBook
from hiring.notifications.letters import Letters, NobodyToTell, Written
from hiring.notifications.outcomes import Outcome, Settling
from hiring.notifications.providers import SECONDS, NotTaken, Provider
from hiring.notifications.settings import NotificationSettings
from hiring.notifications.tables import deliveries
from hiring.rows import AnyRow

_IDLE_SECONDS = 20  # connections are kept this long after the last message


@dataclass
class _Batch:
    """A batch under way: what was not begun, what can be written, and what must wait for the others' outcome."""

    waiting: list[Written]
    done: list[Outcome]
    ends: float
    troubles: list[Outcome] = field(default_factory=list)
    notes: list[asyncio.Task[None]] = field(default_factory=list)
    is_answered: bool = False

    def add(self, outcome: Outcome) -> None:
        self.is_answered |= outcome.is_answer
        (self.done if outcome.is_settled else self.troubles).append(outcome)


@dataclass
class Sender:
    """Station of one channel. Several may run at once, in this process and in others.

    Attributes:
        provider: takes the messages.
        book: knows the addresses.
        letters: writes the messages.
        sessions: of the database with the deliveries.
        settings: batch, connections, leases.
        breaker: of the provider, shared by the senders of this process.
        core: breaker of the contact book, shared likewise.
        interviews: knows when and where interviews are; ``assessments`` is its breaker. While it is away only letters about them wait.
        stopping: once set, what was not begun is put back.
        number: tells senders of one channel apart.
    """

    provider: Provider
    book: ContactBook
    letters: Letters
    sessions: sessionmaker[Session]
    settings: NotificationSettings
    breaker: Breaker
    core: Breaker
    interviews: InterviewBook
    assessments: Breaker
    stopping: threading.Event
    number: int = 1
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    _last_used: float | None = None
    _settling: Settling = field(init=False)

    def __post_init__(self) -> None:
        self._settling = Settling(self.sessions, self.settings)

    @property
    def name(self) -> str:
        """Name of the station."""
        return f"deliver {self.provider.channel} {self.number}"

    def work(self) -> int:
        """Send one batch; return how many deliveries were claimed. While a breaker is half open that is one."""
        now = clock.now()
        states = {self.breaker.state(now), self.core.state(now)}
        rows = [] if "open" in states else self._claim(1 if "half_open" in states else self.settings.batch)
        if not rows:
            self._rest()
            return 0
        self._last_used = time.monotonic()
        try:
            batch = self._write(rows)
        except Unanswered as error:
            wait = self.core.fail(clock.now(), error.code)
            self._settling.put_back(rows, wait, error.code)
            logs.logger("notifications").warning("contacts_unavailable", error=error.code)
            return 0
        self.core.succeed()
        self._runner.run(self._send_all(batch))
        return len(rows)

    def close(self) -> None:
        """Close every connection, for good."""
        self._runner.run(self.provider.close())
        self._runner.close()
        self.book.close()
        self.interviews.close()

    def _claim(self, limit: int) -> list[AnyRow]:
        with self.sessions() as session, session.begin():
            return self._settling.queue.claim(session, clock.now(), limit, deliveries.c.channel == self.provider.channel)

    def _write(self, rows: Sequence[AnyRow]) -> _Batch:
        """Write the letters of a batch. What is not begun by a third of the lease goes back, long before others may claim it."""
        found = self.book.look_up(rows)
        rows = self._with_interviews(rows, found)
        with self.sessions() as session:
            unwanted = self.letters.unwanted(session, rows, found)
        batch = _Batch([], [], time.monotonic() + self.settings.lease_seconds / 3)
        for row in rows:
            try:
                batch.waiting.append(self.letters.write(row, found, unwanted))
            except NobodyToTell as nobody:
                batch.add(Outcome(row, "skipped", nobody.code))
            except Exception as error:  # a text that can't be written: this one is a dead letter, the others go on
                batch.done.append(Outcome(row, "refused", f"text_{type(error).__name__.lower()}"))
        batch.waiting.reverse()  # they are taken from the end
        return batch

    def _with_interviews(self, rows: Sequence[AnyRow], found: Found) -> Sequence[AnyRow]:
        """Look up the interviews that rows are about; put those rows back where nobody answers, and return the others."""
        about = [row for row in rows if row.interview_id is not None]
        if not about:
            return rows
        wait, code = self.assessments.remaining(clock.now()), self.assessments.code
        if not wait:
            try:
                found.interviews.update(self.interviews.look_up([row.interview_id for row in about]))
            except Unanswered as error:
                wait, code = self.assessments.fail(clock.now(), error.code), error.code
                logs.logger("notifications").warning("interviews_unavailable", error=code)
            else:
                self.assessments.succeed()
                return rows
        self._settling.put_back(about, wait, code)
        return [row for row in rows if row.interview_id is None]

    async def _send_all(self, batch: _Batch) -> None:
        """Send over several connections; whenever enough results have come together they are written, beside the sending."""
        await asyncio.gather(*(self._send_on(batch) for _ in range(min(self.settings.connections, len(batch.waiting)))))
        self._flush(batch)
        await asyncio.gather(*batch.notes)
        if batch.troubles:
            await asyncio.to_thread(self._settle_troubles, batch)
        elif batch.is_answered:
            self.breaker.succeed()

    async def _send_on(self, batch: _Batch) -> None:
        while batch.waiting:
            one = batch.waiting.pop()
            is_over = self.stopping.is_set() or time.monotonic() > batch.ends or self.breaker.state(clock.now()) == "open"
            batch.add(Outcome(one.row, "unsent", "put_back") if is_over else await self._send(one))
            if len(batch.done) >= self.settings.flush:
                await asyncio.gather(*batch.notes)  # one note at a time: what a crash would send again does not pile up
                if len(batch.done) >= self.settings.flush:
                    self._flush(batch)

    def _flush(self, batch: _Batch) -> None:
        if batch.done:
            batch.notes.append(asyncio.create_task(asyncio.to_thread(self._settling.note, batch.done)))
            batch.done = []

    async def _send(self, one: Written) -> Outcome:
        try:
            async with asyncio.timeout(min(SECONDS, self.settings.lease_seconds / 3)):
                await self.provider.send(one.letter)
        except NotTaken as error:
            outcome = Outcome.of(one.row, error)
            if outcome.kind == "down":
                self.breaker.fail(clock.now(), error.code)
            return outcome
        except TimeoutError:
            return Outcome(one.row, "dropped", "timeout")
        except Exception as error:  # a fault of ours or of a library: this message counts a try, the others go on
            return Outcome(one.row, "postponed", f"fault_{type(error).__name__.lower()}")
        return Outcome(one.row, "sent", locale=one.letter.words.locale)

    def _settle_troubles(self, batch: _Batch) -> None:
        """Put back what is not at fault. A dropped connection is its message's fault only where others got through."""
        at_fault = [each for each in batch.troubles if each.kind == "dropped" and batch.is_answered]
        if at_fault:
            self._settling.note(at_fault)
        others = [each for each in batch.troubles if each not in at_fault]
        now = clock.now()
        broken = next((each for each in others if each.kind in {"down", "dropped"}), None)
        if broken is not None:
            self.breaker.fail(now, broken.code)
            logs.logger("notifications").warning("provider_down", channel=self.provider.channel, error=broken.code)
        elif batch.is_answered:
            self.breaker.succeed()
        if others:
            code = broken.code if broken else "put_back"
            self._settling.put_back([each.row for each in others], self.breaker.remaining(now), code)

    def _rest(self) -> None:
        """Close connections that nobody used for a while."""
        if self._last_used is not None and time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._runner.run(self.provider.close())
            self._last_used = None
