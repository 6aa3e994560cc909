"""The deliverer: Guaranteed Delivery (EIP), each effect once, or exactly one exception.

`lease` tells which calls to make now, their attempts written down before; someone makes them;
`record` writes what became of them, with the answers to the processes, in one transaction. A
result counts only under the fence its call was leased under. Retries live here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.flow import breaker
from crossdock.flow.batch import Batch
from crossdock.flow.desk import DOWN_AFTER_SECONDS, Desk
from crossdock.flow.dispatcher import Dispatched
from crossdock.flow.exceptions import (
    ENDPOINT_CODES,
    ENDPOINT_DOWN,
    LOCKED_OUT,
    REFUSED,
    UNRESOLVED,
    Closing,
    Trouble,
)
from crossdock.flow.outbound import is_held
from crossdock.flow.outcomes import Outcome, Vote, judge, vote
from crossdock.flow.roster import OWNERLESS, Directory
from crossdock.flow.settling import SAID_MAX, SEND, Ending, Work, conclude, ending, purpose_of
from crossdock.ports import Answer, Exchange, Operation, Request
from crossdock.ports.store import (
    AttemptRow,
    BreakerRow,
    BreakerState,
    ExceptionStatus,
    OutboxRow,
    OutboxStatus,
    Unit,
)


class Result(Struct, frozen=True, kw_only=True):
    """What happened on the wire to one call."""

    work: Work
    exchange: Exchange
    ended_at: datetime


class Ended(Struct, frozen=True, kw_only=True):
    """What became of one call; `counted` False: its fence was not current any more."""

    row: OutboxRow
    outcome: Outcome
    counted: bool


class Leased(Struct, frozen=True, kw_only=True):
    """Calls to make now; `woken` says that processes were told something on the way."""

    works: tuple[Work, ...] = ()
    woken: bool = False
    breaker: BreakerRow | None = None
    tally: Mapping[str, int] = {}


class Recorded(Struct, frozen=True, kw_only=True):
    """What became of the calls, and where the breaker stands after them.

    `dispatched` is what the steps taken with them brought about.
    """

    ended: tuple[Ended, ...]
    breaker: BreakerRow
    moved: bool
    dispatched: Dispatched = Dispatched()


class Deliverer:
    """Knows the desks of all endpoints; all that must last is in the store."""

    def __init__(self, directory: Directory, pace: float = 1.0) -> None:
        """Begin with nothing on its way."""
        self._directory = directory
        self._tenant = directory.roster.tenant
        self._pace = pace
        self._desks: dict[str, Desk] = {}

    def desk(self, endpoint: str, now: datetime) -> Desk:
        """Give the desk of an endpoint."""
        if endpoint not in self._desks:
            wanted = self._directory.roster.endpoints[endpoint]
            self._desks[endpoint] = Desk(wanted, now, self._pace)
        return self._desks[endpoint]

    def lease(self, unit: Unit, endpoint: str, now: datetime) -> Leased:
        """Take the calls that may be made now, their attempts written down; none while held."""
        if is_held(unit):
            return Leased()
        desk = self.desk(endpoint, now)
        row = unit.breaker(self._tenant, endpoint)
        admission = breaker.admit(row, now, desk.wishes)
        batch = Batch(at=now, directory=self._directory)
        if admission.permits == 0:
            self._announce(unit, batch, desk, row)
            batch.flush(unit, self._tenant)
            return Leased(breaker=row)
        room = desk.room(now, admission.generation)
        limit = room if admission.permits is None else min(room, admission.permits)
        claimed = admission.claimed
        if limit <= 0 or (claimed is not None and not unit.save_breaker(claimed, row.generation)):
            return Leased(breaker=row)
        rows = unit.lease(self._tenant, endpoint, now, now + desk.lease_for, limit)
        ours = [each for each in rows if not desk.waits_for(each.id)]
        works = [work for each in ours if (work := self._work(unit, batch, each, admission, now))]
        if claimed is not None and not works:
            unit.save_breaker(breaker.returned(claimed, now), claimed.generation)
        unit.note_attempts([_attempt(work) for work in works])
        woken = bool(batch.messages)
        batch.flush(unit, self._tenant)
        desk.sent(((work.row.id, work.row.fence) for work in works), now)
        return Leased(works=tuple(works), woken=woken, tally=batch.tally)

    def _work(
        self,
        unit: Unit,
        batch: Batch,
        row: OutboxRow,
        admission: breaker.Admission,
        now: datetime,
    ) -> Work | None:
        """Tell the call to make; none where only a person can go on."""
        try:
            stored = msgspec.json.decode(row.request, type=Request)
            request = replace(stored, correlation_id=row.correlation_id)
            operation = self._operations(row.endpoint)[request.operation]
        except (msgspec.DecodeError, KeyError) as error:
            said = f"the stored request cannot be sent by this release: {error!r}"
            self._ask_a_person(unit, batch, replace(row, said=said))
            return None
        purpose = purpose_of(row, operation)
        if not purpose:
            said = row.said or "the worker stopped while the call was on its way"
            self._ask_a_person(unit, batch, replace(row, said=said))
            return None
        return Work(
            row=row,
            request=request,
            operation=operation,
            purpose=purpose,
            generation=admission.generation,
            started_at=now,
        )

    def _operations(self, endpoint: str) -> Mapping[str, Operation]:
        return self._directory.roster.endpoints[endpoint].connector.operations

    def _ask_a_person(self, unit: Unit, batch: Batch, row: OutboxRow) -> None:
        sent = row.status is OutboxStatus.UNKNOWN or row.attempts > 0
        status = OutboxStatus.UNRESOLVED if sent else OutboxStatus.REFUSED
        over = replace(row, status=status, finished_at=batch.at)
        unit.settle([over])
        code = UNRESOLVED if sent else REFUSED
        conclude(unit, self._directory, batch, Ending(row=over, code=code))
        batch.tally[f"effects/{row.endpoint}/{row.verb}/{status}"] += 1

    def _announce(self, unit: Unit, batch: Batch, desk: Desk, row: BreakerRow) -> None:
        """Ask for help when an endpoint has been down for a quarter of an hour, once."""
        down = row.changed_at is not None and not breaker.is_held(row)
        if desk.announced or not down or row.changed_at is None:
            return
        if batch.at - row.changed_at < desk.span(DOWN_AFTER_SECONDS):
            return
        desk.announced = True
        trouble = down_trouble(row)
        known = unit.exception(self._tenant, trouble.id_in(self._tenant))
        if known is None or known.status is not ExceptionStatus.OPEN:
            self._open(batch, trouble)

    def _open(self, batch: Batch, trouble: Trouble) -> None:
        rulebook = self._directory.roster.rulebook
        batch.exceptions.append(trouble.row(self._tenant, rulebook, batch.at))
        batch.tally[f"exceptions/{trouble.team}/{trouble.code}"] += 1

    def record(
        self, unit: Unit, endpoint: str, results: Sequence[Result], now: datetime
    ) -> tuple[Recorded, Batch]:
        """Write what became of calls, and move the breaker; the batch tells the processes."""
        desk = self.desk(endpoint, now)
        batch = Batch(at=now, directory=self._directory)
        before = health = unit.breaker(self._tenant, endpoint)
        ended: list[Ended] = []
        attempts: list[AttemptRow] = []
        judged = [self._judge(desk, result, before, now) for result in results]
        counts = unit.settle([end.row for end, _, _ in judged])
        for result, (end, answer, outcome), counted in zip(results, judged, counts, strict=True):
            health = _health(health, desk, result, outcome, now)
            attempts.append(_completed(result, answer, outcome))
            if counted:
                conclude(unit, self._directory, batch, end)
            ended.append(Ended(row=end.row, outcome=outcome, counted=counted))
            batch.tally[f"effects/{endpoint}/{end.row.verb}/{outcome}"] += 1
        unit.note_attempts(attempts)
        if health != before and unit.save_breaker(health, before.generation):
            self._tell_of_health(batch, desk, before, health, ended)
        moved = health.state is not before.state
        return Recorded(ended=tuple(ended), breaker=health, moved=moved), batch

    def _judge(
        self, desk: Desk, result: Result, health: BreakerRow, now: datetime
    ) -> tuple[Ending, Answer, Outcome]:
        work, exchange = result.work, result.exchange
        answer = self._answer(work, exchange)
        outcome = judge(work.purpose, exchange, answer, work.operation)
        well = vote(exchange) is Vote.WELL
        desk.back((work.row.id, work.row.fence), well=well)
        unmet = outcome is Outcome.NOT_APPLIED and not well
        free = unmet and breaker.is_probe(health, work.generation)
        end = ending(work, Outcome.THROTTLED if free else outcome, answer, desk, now)
        if _asks_for_rest(outcome, result):
            later = max(end.row.due_at, desk.pause(exchange.retry_after, now))
            end = replace(end, row=replace(end.row, due_at=later))
        return end, answer, outcome

    def _answer(self, work: Work, exchange: Exchange) -> Answer:
        """Let the connector read the answer; one that breaks at it has not understood it."""
        connector = self._directory.roster.endpoints[work.row.endpoint].connector
        try:
            answer = connector.answer(work.request.operation, exchange)
        except Exception as error:
            return Answer(understood=False, said=f"the answer could not be read: {error!r}")
        return answer if answer.said else replace(answer, said=exchange.said)

    def _tell_of_health(
        self,
        batch: Batch,
        desk: Desk,
        before: BreakerRow,
        health: BreakerRow,
        ended: Sequence[Ended],
    ) -> None:
        endpoint = desk.endpoint.name
        if breaker.is_held(health) and not breaker.is_held(before):
            refused = next(each for each in ended if each.outcome is Outcome.LOCKED_OUT)
            self._open(batch, locked_out_trouble(endpoint, refused.row))
        if health.state is BreakerState.CLOSED and before.state is not BreakerState.CLOSED:
            desk.announced = False
            batch.exceptions.append(well_again(self._tenant, endpoint))


def _health(
    row: BreakerRow, desk: Desk, result: Result, outcome: Outcome, now: datetime
) -> BreakerRow:
    if outcome is Outcome.LOCKED_OUT:
        return breaker.locked(row, result.work.generation, now)
    return breaker.note(row, result.work.generation, vote(result.exchange), now, desk.wishes)


def _asks_for_rest(outcome: Outcome, result: Result) -> bool:
    """Tell whether the partner wants to be left alone: throttled, or busy until a time it named."""
    named = result.exchange.retry_after is not None and result.work.purpose == SEND
    return outcome is Outcome.THROTTLED or (outcome is Outcome.NOT_APPLIED and named)


def _attempt(work: Work) -> AttemptRow:
    return AttemptRow(
        tenant=work.row.tenant,
        outbox_id=work.row.id,
        number=work.row.fence,
        fence=work.row.fence,
        purpose=work.purpose,
        started_at=work.started_at,
    )


def _completed(result: Result, answer: Answer, outcome: Outcome) -> AttemptRow:
    return replace(
        _attempt(result.work),
        finished_at=result.ended_at,
        outcome=outcome.value,
        status=result.exchange.status,
        said=answer.said[:SAID_MAX],
    )


def well_again(tenant: str, endpoint: str, by: str = "flow") -> Closing:
    """Close what was open about an endpoint."""
    return Closing(
        tenant=tenant,
        kind="endpoint",
        subject=endpoint,
        codes=ENDPOINT_CODES,
        by=by,
        because="the partner answers again",
    )


def down_trouble(row: BreakerRow) -> Trouble:
    """Tell that a partner has been down for long."""
    since = "" if row.changed_at is None else row.changed_at.isoformat(timespec="minutes")
    return Trouble(
        kind="endpoint",
        subject=row.endpoint,
        code=ENDPOINT_DOWN,
        team=OWNERLESS,
        cause=f"{row.endpoint} has not answered since {since}; what it shall do waits",
        action="Ask the partner; retry probes at once, and it closes by itself on recovery",
        about=(row.endpoint,),
        seen={"failures": str(row.failures)},
    )


def locked_out_trouble(endpoint: str, row: OutboxRow) -> Trouble:
    """Tell that a partner does not accept our credentials."""
    return Trouble(
        kind="endpoint",
        subject=endpoint,
        code=LOCKED_OUT,
        team=OWNERLESS,
        cause=f"{endpoint} does not accept our credentials; all that it shall do waits",
        action="Renew the credentials, then retry",
        about=(endpoint,),
        seen={"verb": row.verb, "effect": row.id, "said": row.said},
    )
