"""What operations see: processes by stage, partners by health, exceptions by team."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.apis.process.v1.chapters import stuck_of
from crossdock.apis.process.v1.counter_offers import Countering, judge
from crossdock.apis.process.v1.promises import Promises, promises
from crossdock.apis.process.v1.story import Stuck, Trace
from crossdock.apis.process.v1.trace import trace
from crossdock.flow.operator_word import Word
from crossdock.flow.recovery import Recovery, recovery
from crossdock.messages.envelope import Command
from crossdock.messages.registry import BODIES
from crossdock.ports.store import (
    BreakerState,
    DocumentRow,
    ExceptionStatus,
    OutboxStatus,
    Reader,
)

Snapshot = Callable[[], AbstractContextManager[Reader]]

UNFINISHED = (OutboxStatus.WAITING, OutboxStatus.LEASED, OutboxStatus.UNKNOWN)
PAGE = 100


class StageRow(Struct, frozen=True, kw_only=True):
    """How many cases of a process stand in a stage, and since when the longest."""

    process: str
    stage: str
    count: int
    oldest: datetime


class PartnerRow(Struct, frozen=True, kw_only=True):
    """How a partner does: its breaker, and what waits for it, is done, or needs a person."""

    partner: str
    answering: bool
    breaker: BreakerState
    failures: int
    since: datetime | None
    open_until: datetime | None
    oldest_waiting: datetime | None
    waiting: int
    applied: int
    needs_a_person: int
    superseded: int


class TeamCount(Struct, frozen=True, kw_only=True):
    """How many open exceptions of a kind wait for a team."""

    team: str
    code: str
    count: int


class Board(Struct, frozen=True, kw_only=True):
    """The whole house at a glance; `recovery` only while a restore is not finished."""

    stages: tuple[StageRow, ...]
    partners: tuple[PartnerRow, ...]
    exceptions: tuple[TeamCount, ...]
    pending_steps: int
    parked: tuple[str, ...]
    recovery: Recovery | None = None


class Case(Struct, frozen=True, kw_only=True):
    """One process of a list."""

    process: str
    kind: str
    id: str
    stage: str
    since: datetime
    revision: int


class Cases(Struct, frozen=True, kw_only=True):
    """A page of processes; `after` leads on, empty on the last page."""

    cases: tuple[Case, ...]
    after: str = ""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which exceptions are asked for: empty texts mean any, `status` None means all."""

    team: str = ""
    about: str = ""
    status: ExceptionStatus | None = ExceptionStatus.OPEN
    after: str = ""
    limit: int = PAGE


class Queue(Struct, frozen=True, kw_only=True):
    """A page of exceptions; `after` leads on, empty on the last page."""

    exceptions: tuple[Stuck, ...]
    after: str = ""


class Operations:
    """Everything operations can ask, each in one snapshot."""

    def __init__(self, read: Snapshot, tenant: str) -> None:
        """Take the store's way to a snapshot, and whose house it is."""
        self._read = read
        self._tenant = tenant

    def board(self) -> Board:
        """Show the whole house at a glance."""
        with self._read() as reader:
            stages = sorted(
                reader.stages(self._tenant), key=lambda each: (each.subscriber, each.stage)
            )
            counts = reader.exception_counts(self._tenant)
            return Board(
                stages=tuple(
                    StageRow(
                        process=each.subscriber,
                        stage=each.stage,
                        count=each.count,
                        oldest=each.oldest,
                    )
                    for each in stages
                ),
                partners=self._partners(reader),
                exceptions=tuple(
                    TeamCount(team=team, code=code, count=counts[team, code])
                    for team, code in sorted(counts)
                ),
                pending_steps=reader.pending(self._tenant),
                parked=tuple(
                    f"{subscriber}/{key.kind}/{key.id}"
                    for subscriber, key in reader.parked(self._tenant)
                ),
                recovery=recovery(reader, self._tenant),
            )

    def recovery(self) -> Recovery | None:
        """Tell where the house stands after a restore; None where none is open."""
        with self._read() as reader:
            return recovery(reader, self._tenant)

    def cases(self, process: str, stage: str, *, after: str = "", limit: int = PAGE) -> Cases:
        """List the cases of a process, of one stage or (empty) of all."""
        with self._read() as reader:
            rows = reader.list_processes(self._tenant, process, stage or None, after, limit + 1)
        cases = tuple(
            Case(
                process=row.subscriber,
                kind=row.key.kind,
                id=row.key.id,
                stage=row.stage,
                since=row.updated_at,
                revision=row.revision,
            )
            for row in rows[:limit]
        )
        return Cases(cases=cases, after=cases[-1].id if len(rows) > limit else "")

    def counter(self, exception_id: str, asked: Countering) -> Word:
        """Hold a counter to an offered load against the offer. Raises Declined."""
        with self._read() as reader:
            return judge(reader, self._tenant, exception_id, asked)

    def queue(self, wanted: Wanted) -> Queue:
        """List exceptions, oldest first."""
        with self._read() as reader:
            rows = reader.exceptions(
                self._tenant,
                status=wanted.status,
                team=wanted.team or None,
                about=wanted.about or None,
                after=wanted.after,
                limit=wanted.limit + 1,
            )
        found = tuple(stuck_of(row) for row in rows[: wanted.limit])
        return Queue(exceptions=found, after=found[-1].id if len(rows) > wanted.limit else "")

    def stuck(self, id_: str) -> Stuck | None:
        """Find one exception by id, or by the start of its id where only one matches."""
        with self._read() as reader:
            row = reader.exception(self._tenant, id_)
        return None if row is None else stuck_of(row)

    def acknowledgements(self, status: str, partner: str = "") -> Promises:
        """List acknowledgements: of one status, `open` or `all`, of one partner or of any."""
        with self._read() as reader:
            return promises(reader, self._tenant, status, partner, PAGE)

    def document(self, id_: str) -> DocumentRow | None:
        """Find a raw document."""
        with self._read() as reader:
            return reader.document(self._tenant, id_)

    def editable_text(self, id_: str) -> str:
        """Write a stored message's body as indented JSON; empty where nobody may edit it."""
        with self._read() as reader:
            row = reader.messages(self._tenant, [id_]).get(id_)
        kind = None if row is None else BODIES.get(row.type)
        if row is None or (kind is not None and issubclass(kind, Command) and kind.of_money):
            return ""
        return msgspec.json.format(row.body, indent=2).decode()

    def trace(self, number: str) -> Trace:
        """Tell the story of a number."""
        with self._read() as reader:
            return trace(reader, self._tenant, number)

    def _partners(self, reader: Reader) -> tuple[PartnerRow, ...]:
        counts: dict[str, dict[OutboxStatus, int]] = {}
        for (endpoint, _verb, status), count in reader.outbox_counts(self._tenant).items():
            of_one = counts.setdefault(endpoint, {})
            of_one[status] = of_one.get(status, 0) + count
        oldest = reader.oldest_waiting(self._tenant)
        return tuple(
            self._partner(reader, name, counts[name], oldest.get(name)) for name in sorted(counts)
        )

    def _partner(
        self,
        reader: Reader,
        name: str,
        counts: dict[OutboxStatus, int],
        oldest: datetime | None,
    ) -> PartnerRow:
        breaker = reader.breaker(self._tenant, name)
        return PartnerRow(
            partner=name,
            answering=breaker.state is BreakerState.CLOSED,
            breaker=breaker.state,
            failures=breaker.failures,
            since=breaker.changed_at,
            open_until=breaker.open_until,
            oldest_waiting=oldest,
            waiting=sum(counts.get(status, 0) for status in UNFINISHED),
            applied=counts.get(OutboxStatus.APPLIED, 0),
            needs_a_person=counts.get(OutboxStatus.REFUSED, 0)
            + counts.get(OutboxStatus.UNRESOLVED, 0),
            superseded=counts.get(OutboxStatus.SUPERSEDED, 0) + counts.get(OutboxStatus.WAIVED, 0),
        )
