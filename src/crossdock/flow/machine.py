"""The machine: flow as one synchronous thing, handed messages, time and a store.

The shell drives it in earnest; the command line, the demo, tests and the simulation drive the very
same. It opens its transactions itself and counts only what was committed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from crossdock.faults import NotNow
from crossdock.flow import (
    audit_chain,
    breaker,
    dispatcher,
    operator,
    operator_word,
    receiver,
    recovery,
    replayer,
    room,
    timekeeper,
    unassigned,
)
from crossdock.flow.batch import Batch
from crossdock.flow.decisions import Decided, Decision, Undecidable
from crossdock.flow.deliverer import Deliverer, Ended, Leased, Recorded, Result
from crossdock.flow.dispatcher import BATCH, DEATHS_MAX, Dispatched
from crossdock.flow.exceptions import Closing, Trouble
from crossdock.flow.names import LANES
from crossdock.flow.operator_word import Heard, Word
from crossdock.flow.outbound import is_held
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.flow.replayer import Choice, Preview
from crossdock.flow.roster import Directory, Roster
from crossdock.flow.timekeeper import TIMERS_MAX, Rung
from crossdock.messages.envelope import Key
from crossdock.ports.shared import Part, Shared, Wake
from crossdock.ports.store import AuditRow, DocumentStatus, OutboxStatus, Reader, Stale, Store, Unit
from crossdock.telemetry.events import LogEvent, tell
from crossdock.telemetry.metrics import Metrics

T = TypeVar("T")
Said = tuple[Batch, Callable[[], T]]  # what is to be flushed, and what to answer after it

CLEAN = "clean_shutdown"
TURNS_MAX = 100_000  # a loop of processes talking to each other ends here
WRITES_MAX = 20  # times a transaction is begun anew because another process was faster
UNREAD = {DocumentStatus.UNREADABLE, DocumentStatus.UNASSIGNED}


def _tell_of(event: LogEvent, arrival: Arrival, receipt: Receipt) -> None:
    tell(
        event,
        level=logging.WARNING,
        tenant=arrival.tenant,
        partner=arrival.partner,
        document=arrival.document,
        object_ref=receipt.document_id,
    )


class Machine:
    """Receives, dispatches, rings timers and delivers, one transaction at a time.

    Call `start` once before anything else. `careful` counts the steps still to be tried one at a
    time: after an unclean stop or a failed batch, a step that takes its worker down shall take
    nobody with it. `released` are the lanes left to workers of a newer release.
    """

    def __init__(
        self,
        *,
        store: Store,
        roster: Roster,
        metrics: Metrics | None = None,
        batch: int = BATCH,
        pace: float = 1.0,
    ) -> None:
        """Take the store and the roster; nothing is read yet.

        `pace` tells how many seconds of the business clock pass in one real second: endpoints'
        deadlines, pauses and rates are real seconds.
        """
        self.store = store
        self.metrics = metrics or Metrics()
        self.careful = 0
        self._shared = store if isinstance(store, Shared) else None
        self._batch = batch
        self.pace = pace
        self._excused: set[int] = set()  # steps whose try ended because the store was away
        self.released: frozenset[int] = frozenset()
        self._take_roster(roster)

    def _take_roster(self, roster: Roster) -> None:
        self._directory = Directory(roster)
        self._deliverer = Deliverer(self._directory, self.pace)

    @property
    def roster(self) -> Roster:
        """Who takes part."""
        return self._directory.roster

    def _write(self, work: Callable[[Unit], T]) -> T:
        """Do the work in a transaction of its own; again where another process was in the way.

        Raises NotNow where one always is.
        """
        for _ in range(WRITES_MAX):
            try:
                with self.store.write() as unit:
                    return work(unit)
            except Stale as error:
                tell(LogEvent.MACHINE_STUMBLED, error=repr(error))
        raise NotNow("Others write the same rows all the time; it is tried again")

    def start(self) -> bool:
        """Keep today's rules, fetch the earlier ones, and tell whether the last stop was clean.

        After an unclean stop the steps that may have caused it are tried one at a time.
        """
        roster = self.roster
        today = roster.rulebook.today

        def begin(unit: Unit) -> tuple[dict[str, bytes], bool]:
            unit.keep_rules(roster.tenant, today.digest, msgspec.json.encode(today))
            unclean = False
            if self._shared is None:  # else each lane tells how it was left
                unclean = unit.mark(CLEAN) == "no"
                unit.set_mark(CLEAN, "no")
            return unit.rules(roster.tenant), unclean

        rules, unclean = self._write(begin)
        rulebook = roster.rulebook.remembering(rules)
        self._take_roster(replace(roster, rulebook=rulebook))
        self.careful = self._batch if unclean else 0
        tell(LogEvent.MACHINE_STARTED, tenant=roster.tenant, clean=not unclean)
        return not unclean

    def assign(self, now: datetime) -> frozenset[str]:
        """Read the unassigned documents that have a partner now; answer endpoints with new work."""
        with self.store.write() as unit:
            count, endpoints = unassigned.assign(self._directory, unit, now)
        if count:
            tell(LogEvent.DOCUMENTS_ASSIGNED, tenant=self.roster.tenant, count=count)
        return endpoints

    def stop(self) -> None:
        """Set the mark of a clean stop; nothing may be called after it but `start`."""
        if self._shared is None:
            self._write(lambda unit: unit.set_mark(CLEAN, "yes"))
        else:
            self._shared.leave()
        tell(LogEvent.MACHINE_STOPPED, tenant=self.roster.tenant)

    def balance(self, busy: Collection[str] = ()) -> Part | None:
        """Take a fair part of the work, beside other workers; None where there can be no others.

        Endpoints in `busy` have calls on their way. Where a worker has left something behind that
        did not stop, its steps are tried one at a time. Raises NotNow where the store is away.
        """
        if self._shared is None:
            return None
        if self.released:  # workers of a newer release shall have all of it
            self._shared.leave()
            return Part()
        part = self._shared.balance(sorted(self.roster.endpoints), busy)
        if part.unclean:
            self.careful = self._batch
            tell(LogEvent.MACHINE_CAREFUL, lanes=len(part.lanes))
        return part

    def listen(self, wake: Wake) -> None:
        """Call `wake`, from another thread, when other processes have left work."""
        if self._shared is not None:
            self._shared.listen(wake)

    def receive(self, arrivals: Sequence[Arrival], now: datetime) -> list[Receipt]:
        """Keep documents and send what they say on its way; durable when it returns.

        The first steps are taken in the same transaction, unless the machine is careful.
        Raises NotNow where the store cannot take anything.
        """
        receipts, _ = self.receive_and_turn(arrivals, now)
        return receipts

    def receive_and_turn(
        self, arrivals: Sequence[Arrival], now: datetime
    ) -> tuple[list[Receipt], Dispatched]:
        """Do as `receive`, and tell what the steps taken with it brought about."""
        letters = receiver.read_all(self._directory, arrivals)

        def take_in(unit: Unit) -> Said[tuple[Receipt, ...]]:
            intake = receiver.Intake(self._directory, unit, now)
            intake.take_in(letters)
            return intake.batch, intake.receipts

        receipts, dispatched = self._say(take_in)
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            self.metrics.heard(arrival.partner, arrival.document, now)
            if receipt.status in UNREAD:
                _tell_of(LogEvent.DOCUMENT_UNREAD, arrival, receipt)
            if receipt.conflicts:
                _tell_of(LogEvent.DOCUMENT_CONFLICT, arrival, receipt)
        return list(receipts), dispatched

    def _say(self, work: Callable[[Unit], Said[T]]) -> tuple[T, Dispatched]:
        """Do work that says something, and take the steps of it in the same transaction.

        Where those fail, and while the machine is careful, the work is done alone.
        Raises NotNow where the store cannot take anything.
        """
        if not self.careful:
            try:
                with self.store.write() as unit:
                    lanes = self._lanes()
                    steps = unit.claim(self._batch, lanes)  # asked first, and looked at last
                    batch, done = work(unit)
                    dispatched = dispatcher.take(unit, batch, steps, self._batch, lanes)
                    answer = done()
            except NotNow:
                raise
            except Stale as error:
                tell(LogEvent.MACHINE_STUMBLED, error=repr(error))
            except Exception as error:
                self._stumble(error)
            else:
                self._dispatched(dispatched)
                return answer, dispatched

        def alone(unit: Unit) -> tuple[T, Dispatched]:
            batch, done = work(unit)
            endpoints = frozenset(batch.flush(unit, self.roster.tenant))
            more = batch.waiting > 0
            left = Dispatched(more=more, endpoints=endpoints, alarm=batch.alarm, tally=batch.tally)
            return done(), left

        answer, written = self._write(alone)
        self.metrics.count(written.tally)
        return answer, written

    def turn(self, now: datetime, limit: int | None = None) -> Dispatched:
        """Take the steps that wait, up to one batch or `limit`; a failed batch is tried one by one.

        Raises NotNow where the store cannot take anything.
        """
        if self.careful:
            return self._turn_carefully(now)
        try:
            with self.store.write() as unit:
                dispatched = self._take_turn(unit, now, min(limit or self._batch, self._batch))
        except NotNow:
            raise
        except Stale as error:
            tell(LogEvent.MACHINE_STUMBLED, error=repr(error))
            return Dispatched(stumbled=True)
        except Exception as error:
            self._stumble(error)
            return self._turn_carefully(now)
        self._dispatched(dispatched)
        return dispatched

    def _take_turn(self, unit: Unit, now: datetime, limit: int) -> Dispatched:
        return dispatcher.turn(self._directory, unit, now, limit, self._lanes())

    def _lanes(self) -> Sequence[int] | None:
        """Name the lanes to take steps from; None, all of them, where none was released."""
        if not self.released:
            return None
        return [lane for lane in range(LANES) if lane not in self.released]

    def _stumble(self, error: Exception) -> None:
        self.careful = self._batch
        tell(LogEvent.MACHINE_STUMBLED, level=logging.WARNING, error=repr(error))

    def _turn_carefully(self, now: datetime) -> Dispatched:
        """Take one step alone, its try counted before; one that was fatal twice is set aside."""
        seq, tries = self._write(self._try_alone)
        if not tries:
            return Dispatched()
        self.careful -= 1
        try:
            dispatched = self._write(lambda unit: self._take_alone(unit, seq, tries, now))
        except NotNow:
            self._excused.add(seq)  # the store was away: that says nothing about the step
            raise
        except Exception as error:
            tell(LogEvent.MACHINE_STUMBLED, level=logging.WARNING, error=repr(error))
            return Dispatched(stumbled=True)
        self._dispatched(dispatched)
        return dispatched

    def _try_alone(self, unit: Unit) -> tuple[int, int]:
        """Count a try at the step whose turn it is; answer its place, and no try for none."""
        steps = unit.claim(1, self._lanes())
        if not steps:
            return 0, 0
        seq = steps[0].row.seq
        if seq in self._excused:
            self._excused.discard(seq)
            unit.forgive(seq)
        return seq, unit.try_alone(seq)

    def _take_alone(self, unit: Unit, seq: int, tries: int, now: datetime) -> Dispatched:
        """Take the step whose try was counted, if it is still ours and the first."""
        step = next(iter(unit.claim(1, self._lanes())), None)
        if step is None or step.row.seq != seq:
            return Dispatched(stumbled=True)
        if tries <= DEATHS_MAX:
            return self._take_turn(unit, now, 1)
        return dispatcher.set_aside(self.roster, unit, step, tries - 1, now)

    def _dispatched(self, dispatched: Dispatched) -> None:
        for lane in sorted(dispatched.newer - self.released):
            tell(LogEvent.LANE_RELEASED, level=logging.WARNING, lane=lane)
        self.released |= dispatched.newer
        self.metrics.count(dispatched.tally)
        for subscriber, waits in dispatched.waits.items():
            self.metrics.waited(subscriber, [each / self.pace for each in waits])
        for tenant, subscriber, key in dispatched.parked:
            tell(
                LogEvent.STEP_PARKED,
                level=logging.WARNING,
                tenant=tenant,
                subscriber=subscriber,
                object_ref=f"{key.kind}/{key.id}",
            )

    def timers(self, now: datetime, limit: int = TIMERS_MAX) -> Rung:
        """Turn due timers into messages, oldest first, and let the processes take them."""

        def ring(unit: Unit) -> Said[Rung]:
            rung, batch = timekeeper.ring(self._directory, unit, now, limit)
            return batch, lambda: rung

        due_at = self.next_timer()
        if due_at is None or due_at > now:  # mostly there is none, and no transaction is needed
            return Rung()
        rung, dispatched = self._say(ring)
        return replace(rung, dispatched=dispatched)

    def next_timer(self) -> datetime | None:
        """Tell when the next timer is due; None while no timer may ring."""
        with self.store.read() as reader:
            return None if is_held(reader) else reader.next_timer()

    def levels(self) -> dict[str, int]:
        """Tell how much waits, and where."""
        with self.store.read() as reader:
            return {
                "held": int(is_held(reader)),
                "released": len(self.released),
                "inbox": reader.pending(),
                "parked": len(reader.parked(self.roster.tenant)),
            }

    def lease(self, endpoint: str, now: datetime) -> Leased:
        """Take the calls to make now at an endpoint, their attempts written down before.

        Whoever makes them hands every one back to `record`.
        """
        if not self._due(endpoint, now):
            return Leased()
        leased = self._write(lambda unit: self._deliverer.lease(unit, endpoint, now))
        self.metrics.count(leased.tally)
        return leased

    def _due(self, endpoint: str, now: datetime) -> bool:
        """Ask without a transaction whether there is anything to lease: mostly there is not."""
        due_at = self.next_effect(endpoint)
        return due_at is not None and due_at <= now

    def next_effect(self, endpoint: str) -> datetime | None:
        """Tell when the next effect of an endpoint is due; None while nothing may leave."""
        with self.store.read() as reader:
            return self._next_effect(reader, endpoint)

    def _next_effect(self, reader: Reader, endpoint: str) -> datetime | None:
        return None if is_held(reader) else reader.next_effect(self.roster.tenant, endpoint)

    def record(self, endpoint: str, results: Sequence[Result], now: datetime) -> Recorded:
        """Write what became of calls, and let the processes that asked take the answers."""

        def write(unit: Unit) -> Said[Recorded]:
            recorded, batch = self._deliverer.record(unit, endpoint, results, now)
            return batch, lambda: recorded

        recorded, dispatched = self._say(write)
        self.metrics.breaker(endpoint, recorded.breaker.state)
        for result, ended in zip(results, recorded.ended, strict=True):
            seconds = (result.ended_at - result.work.started_at).total_seconds()
            self.metrics.exchanged(endpoint, seconds / self.pace)
            if ended.counted and ended.row.finished_at is not None:
                self._ended(ended)
        if recorded.moved:
            state = recorded.breaker.state
            tell(LogEvent.BREAKER_MOVED, level=logging.WARNING, partner=endpoint, state=state)
        return replace(recorded, dispatched=dispatched)

    def _ended(self, ended: Ended) -> None:
        row = ended.row
        seconds = (row.finished_at - row.created_at).total_seconds() if row.finished_at else 0.0
        self.metrics.ended(row.endpoint, row.verb, seconds)
        if row.status is not OutboxStatus.APPLIED:
            tell(
                LogEvent.EFFECT_ENDED_BADLY,
                level=logging.WARNING,
                tenant=row.tenant,
                partner=row.endpoint,
                verb=row.verb,
                object_ref=row.business_key,
                status=row.status,
                attempt=row.attempts,
                correlation_id=row.correlation_id,
            )

    def next_lease(self, endpoint: str, now: datetime) -> datetime | None:
        """Tell when there may be a call to make at an endpoint; None while nothing waits for it.

        Never in the past where the partner's pace, its breaker or what is on its way says later.
        """
        with self.store.read() as reader:
            due_at = self._next_effect(reader, endpoint)
            if due_at is None:
                return None
            row = reader.breaker(self.roster.tenant, endpoint)
        if breaker.is_held(row):
            return None
        token = self._deliverer.desk(endpoint, now).next_token(now)
        shut = row.open_until or row.probe_until or due_at
        return max(due_at, now + timedelta(seconds=token), shut)

    def decide(self, decision: Decision, now: datetime) -> Decided:
        """Carry out what a person decided about an exception, audited.

        Raises NeedsReason, NotFound, AlreadyClosed or Undecidable, and then changes nothing.
        """
        decided = self._write(lambda unit: operator.decide(self._directory, unit, decision, now))
        tell(
            LogEvent.OPERATOR_DECIDED,
            by=decision.by,
            verb=decision.verb,
            object_ref=decision.exception_id,
        )
        return decided

    def say(self, word: Word, now: datetime) -> Heard:
        """Send a person's word to one process on its way, audited.

        Raises NeedsReason, NotFound or Undecidable, and then changes nothing.
        """
        heard = self._write(lambda unit: operator_word.say(self._directory, unit, word, now))
        tell(LogEvent.OPERATOR_DECIDED, by=word.by, verb=word.action, object_ref=word.subject)
        return heard

    def recover(self, verb: str, by: str, reason: str, now: datetime) -> str:
        """Carry out what a person decided after a restore: `release` or `finish`, audited.

        Raises NeedsReason or Undecidable, and then changes nothing.
        """
        if verb not in recovery.VERBS:
            known = ", ".join(recovery.VERBS)
            raise Undecidable(f"There is no decision `{verb}` about a restore", known=known)
        tenant, decide = self.roster.tenant, recovery.VERBS[verb]
        said = self._write(lambda unit: decide(unit, tenant, by=by, reason=reason, at=now))
        tell(LogEvent.OPERATOR_DECIDED, by=by, verb=verb, object_ref=recovery.SUBJECT)
        return said

    def looked_at(self, document_id: str, by: str, now: datetime) -> None:
        """Note in the audit log that somebody read a document's content."""
        row = AuditRow(
            tenant=self.roster.tenant,
            at=now,
            actor=by,
            action="document.looked_at",
            subject=document_id,
            reason="",
        )
        self._write(lambda unit: unit.log([row]))

    def seal_audit(self) -> str:
        """Seal what was noted in the audit log since the last time; answer the head of its chain.

        Empty where nothing was.
        """
        with self.store.read() as reader:
            waits = audit_chain.waits(reader, self.roster.tenant)
        return self._write(lambda unit: audit_chain.seal(unit, self.roster.tenant)) if waits else ""

    def try_to_write(self) -> None:
        """Write something small and durable. Raises NotNow where the store cannot take it."""
        self._write(lambda unit: unit.set_mark(f"written/{self.roster.tenant}", ""))

    def tell_of(self, news: Sequence[Trouble | Closing], now: datetime) -> None:
        """Open or close exceptions about the house itself: its disk, its ways in.

        Raises NotNow where not even that can be written.
        """
        self._write(lambda unit: room.tell_of(self._directory, unit, news, now))

    def preview(self, subscriber: str, key: Key) -> Preview:
        """Tell what would happen if a process's past were decided today; nothing is written."""
        with self.store.read() as reader:
            return replayer.preview(self._directory, reader, self.roster.tenant, subscriber, key)

    def replay(self, choice: Choice, now: datetime) -> frozenset[str]:
        """Ask for the chosen new effects of a replay; answer the endpoints with new work.

        Raises NeedsReason or Undecidable, and then changes nothing.
        """
        return self._write(lambda unit: replayer.execute(self._directory, unit, choice, now))

    def run_to_quiescence(self, now: datetime) -> int:
        """Take steps and ring due timers until none is left; answer how many steps were taken."""
        taken = 0
        for _ in range(TURNS_MAX):
            dispatched = self.turn(now)
            taken += dispatched.taken
            if dispatched.more or dispatched.newer or dispatched.stumbled:
                continue
            rung = self.timers(now)
            taken += rung.dispatched.taken
            if not rung.rung:
                return taken
        return taken
