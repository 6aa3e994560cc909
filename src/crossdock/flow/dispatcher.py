"""The dispatcher: takes the steps that wait and lets each process decide.

Everything a step says is written in the transaction that marks it handled. What it emits are new
messages with steps of their own, never handled nested: they are taken after all that waited before
them, in the same transaction where there is room, so that most of them never wait and are written
once. A process that raises parks its key, with an exception for a person; the other keys go on. A
step that only a newer release can take is left where it is, and with it the rest of its lane: a
worker of that release will take them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.faults import Outdated
from crossdock.flow.batch import Batch, Notes, message_of
from crossdock.flow.exceptions import (
    STEP_FAILED,
    STEP_POISON,
    Trouble,
    about_message,
    facts_of,
)
from crossdock.flow.names import process_subject
from crossdock.flow.roster import OWNERLESS, Books, Directory, Roster
from crossdock.flow.speech import Speaker, write_down
from crossdock.flow.states import Case, Cases, encode_state
from crossdock.messages.envelope import Key, Message
from crossdock.ports import Fact, Received, Rows, no_facts
from crossdock.ports.store import (
    CaseName,
    Handled,
    InboxRow,
    MessageRow,
    ProjectionRow,
    Step,
    Unit,
)

BATCH = 500
PAGE = 1000  # rows read at a time where a step asks for them by index
DEATHS_MAX = 2  # workers a step may cost before it is set aside

_encode = msgspec.json.Encoder(order="deterministic").encode


class Dispatched(Struct, frozen=True, kw_only=True):
    """What a turn did: steps taken, keys parked, endpoints with new work, and what was counted.

    `more` tells that steps may wait that could be taken at once.
    `newer` are the lanes in which something of a newer release was met: leave them to its workers.

    `alarm` is when the earliest timer set here is due.
    `waits` are the business seconds from messages' arrival to their steps, by subscriber.
    `stumbled`: the transaction failed and changed nothing; the same steps still wait.
    """

    taken: int = 0
    more: bool = False
    parked: tuple[CaseName, ...] = ()
    newer: frozenset[int] = frozenset()
    endpoints: frozenset[str] = frozenset()
    alarm: datetime | None = None
    tally: Mapping[str, int] = {}
    waits: Mapping[str, Sequence[float]] = {}
    stumbled: bool = False


def turn(
    directory: Directory,
    unit: Unit,
    now: datetime,
    limit: int = BATCH,
    lanes: Sequence[int] | None = None,
) -> Dispatched:
    """Take the steps that wait, up to `limit`, and write what they say into the transaction.

    `lanes` None takes those of every lane. Raises Repeated as `Batch.flush`.
    """
    steps = unit.claim(limit, lanes)
    if not steps:
        return Dispatched()
    return take(unit, Batch(at=now, directory=directory), steps, limit, lanes)


def take(
    unit: Unit, batch: Batch, steps: Sequence[Step], limit: int, lanes: Sequence[int] | None
) -> Dispatched:
    """Take steps that were claimed, and write what they say together with what the batch holds.

    Then those that are made here: by what stands in `batch` and is not written yet, and by the
    steps. Raises Repeated as `Batch.flush`.
    """
    wanted = None if lanes is None else frozenset(lanes)
    return Turn(batch.directory, unit, batch, wanted).take_all(steps, limit)


def name_of(row: InboxRow) -> CaseName:
    """Name the process whose step it is."""
    return row.tenant, row.subscriber, row.key


class Turn:
    """One transaction's worth of steps."""

    def __init__(
        self, directory: Directory, unit: Unit, batch: Batch, lanes: Container[int] | None
    ) -> None:
        """Begin with what stands in the batch."""
        self._roster = directory.roster
        self._books = Books(directory.roster, unit)
        self._directory = directory
        self._unit = unit
        self._now = batch.at
        self._batch = batch
        self._lanes = lanes
        self._messages: dict[tuple[str, str], Message] = {}
        self._facts = Facts(unit, batch)
        self._cases = Cases(directory, unit)
        self._parked: list[CaseName] = []
        self._newer: set[int] = set()
        self._handled: list[tuple[Step, Case, bytes]] = []
        self._waits: dict[str, list[float]] = {}

    def take_all(self, steps: Sequence[Step], limit: int) -> Dispatched:
        """Take the steps in order, then those they make, and flush what was said."""
        self._cases.find(name_of(step.row) for step in steps)
        for step in steps:
            if name_of(step.row) not in self._parked and step.row.lane not in self._newer:
                self._take(step)
        if len(steps) < limit:  # else others wait that what is made here would overtake
            self._follow(limit - len(steps))
        self._batch.states = self._cases.rows(self._now)
        self._batch.handled = [
            Handled(
                seq=step.row.seq,
                revision=case.revision_after,
                at=self._now,
                facts=facts,
                row=None if step.row.seq else step.row,
            )
            for step, case, facts in self._handled
        ]
        endpoints = self._batch.flush(self._unit, self._roster.tenant)
        return Dispatched(
            taken=len(self._handled),
            more=len(steps) == limit or self._batch.waiting > 0,
            parked=tuple(self._parked),
            newer=frozenset(self._newer),
            endpoints=frozenset(endpoints),
            alarm=self._batch.alarm,
            tally=self._batch.tally,
            waits=self._waits,
        )

    def _follow(self, room: int) -> None:
        """Take the steps made in this transaction, round after round, while there is room."""
        batch = self._batch
        while batch.followed < len(batch.messages):
            fresh = [
                Step(row=row, message=said.row)
                for said in batch.messages[batch.followed :]
                for row in said.inbox
            ]
            if len(fresh) > room:
                return
            for said in batch.messages[batch.followed :]:
                self._messages[said.row.tenant, said.row.id] = said.message
            room -= len(fresh)
            batch.followed = len(batch.messages)
            self._take_fresh(fresh)

    def _take_fresh(self, steps: Sequence[Step]) -> None:
        rows = [step.row for step in steps]
        held = self._unit.held_back(rows) if rows else frozenset()
        self._cases.find(name for row in rows if (name := name_of(row)) not in held)
        for step in steps:
            name = name_of(step.row)
            if name in held or name in self._parked or self._is_released(step.row.lane):
                self._leave(step)
            else:
                self._take(step)

    def _is_released(self, lane: int) -> bool:
        return lane in self._newer or (self._lanes is not None and lane not in self._lanes)

    def _take(self, step: Step) -> None:
        name = name_of(step.row)
        try:
            case = self._cases.case(name)
            notes, facts = self._decide(step, case)
        except Outdated:
            self._newer.add(step.row.lane)
            self._leave(step)
            return
        except Exception as error:
            self._park(step, error)
            self._leave(step)
            return
        self._batch.extend(notes)
        self._batch.tally[f"steps/{step.row.subscriber}/taken"] += 1
        self._handled.append((step, case, facts))
        waited = (self._now - step.message.received_at).total_seconds()
        self._waits.setdefault(step.row.subscriber, []).append(waited)

    def _decide(self, step: Step, case: Case) -> tuple[Notes, bytes]:
        """Let the process decide, and move its case when nothing can fail any more."""
        row = step.row
        subscriber = self._directory.subscriber(row.subscriber)
        message = self._message(step.message)
        rules = self._books.edition(subscriber.pinned(case.state))
        facts: tuple[Fact, ...] = ()
        if subscriber.facts is not no_facts:
            facts = self._facts.look_at(row.tenant, subscriber.facts(case.state, message.body))
        received = received_of(message, row.key, facts, self._now)
        state, emissions = subscriber.decide(case.state, received, rules)
        unchanged = state is case.state and bool(case.raw)
        raw = case.raw if unchanged else encode_state(state)
        stage = subscriber.stage(state)
        speaker = Speaker(
            directory=self._directory,
            row=row,
            cause=message,
            rules=rules,
            at=self._now,
        )
        notes, looked_at = write_down(speaker, emissions), _encode(facts) if facts else b""
        case.move(state, raw, stage)
        return notes, looked_at

    def _message(self, row: MessageRow) -> Message:
        name = (row.tenant, row.id)
        if name not in self._messages:
            self._messages[name] = message_of(row)
        return self._messages[name]

    def _leave(self, step: Step) -> None:
        """Let a step wait; one that was made here is yet to be added to those that do."""
        if not step.row.seq:
            self._batch.left.append(step.row)

    def _park(self, step: Step, error: Exception) -> None:
        trouble = failed(step, error)
        self._parked.append(name_of(step.row))
        park(self._unit, step, trouble.cause, self._now)
        row = trouble.row(step.row.tenant, self._roster.rulebook, self._now)
        self._batch.exceptions.append(row)
        self._batch.tally[f"steps/{step.row.subscriber}/parked"] += 1


class Facts:
    """The records steps look at: as stored, or as this very transaction leaves them."""

    def __init__(self, unit: Unit, batch: Batch) -> None:
        """Begin with nothing looked at."""
        self._unit = unit
        self._batch = batch
        self._seen: dict[tuple[str, Key], ProjectionRow | None] = {}

    def look_at(self, tenant: str, wanted: Sequence[Key | Rows]) -> tuple[Fact, ...]:
        """Look at the records a step declares, each once."""
        keys: dict[Key, None] = {}
        for each in wanted:
            found = self._find(tenant, each) if isinstance(each, Rows) else [each]
            keys.update(dict.fromkeys(found))
        self._read(tenant, keys)
        return tuple(Fact(key=key, body=self._body(tenant, key)) for key in keys)

    def _find(self, tenant: str, rows: Rows) -> list[Key]:
        """Find rows by index: those stored, then what this transaction has put or dropped."""
        names: set[str] = set()
        where, after = dict(rows.index), ""
        while page := self._unit.find(tenant, rows.kind, where, after=after, limit=PAGE):
            for row in page:
                self._seen[tenant, Key(rows.kind, row.key)] = row
                names.add(row.key)
            after = page[-1].key
        for (owner, kind, name), put in self._batch.shelf.items():
            if (owner, kind) == (tenant, rows.kind):
                names.discard(name)
                if put is not None and set(rows.index) <= set(put.index):
                    names.add(name)
        return [Key(rows.kind, name) for name in sorted(names)]

    def _read(self, tenant: str, keys: Iterable[Key]) -> None:
        """Read what was neither read before nor put in this transaction, a kind at a time."""
        unread: dict[str, list[str]] = {}
        for key in keys:
            if (tenant, key.kind, key.id) not in self._batch.shelf and (
                (tenant, key) not in self._seen
            ):
                unread.setdefault(key.kind, []).append(key.id)
        for kind, names in unread.items():
            found = self._unit.projections(tenant, kind, names)
            self._seen.update(((tenant, Key(kind, name)), found.get(name)) for name in names)

    def _body(self, tenant: str, key: Key) -> bytes | None:
        mark = (tenant, key.kind, key.id)
        shelf = self._batch.shelf
        row = shelf[mark] if mark in shelf else self._seen[tenant, key]
        return None if row is None else row.body


def received_of(
    message: Message, key: Key, facts: tuple[Fact, ...], taken_at: datetime
) -> Received[Any]:
    """Hand a message to a process; a replay, with the time at which its step was taken."""
    return Received(
        body=message.body,
        at=message.received_at,
        taken_at=taken_at,
        id=message.id,
        key=key,
        correlation_id=message.correlation_id,
        origin=message.origin,
        document_id=message.document_id,
        amends=message.amends,
        facts=facts,
    )


def failed(step: Step, error: Exception) -> Trouble:
    """Tell of a process that raised."""
    row = step.row
    return Trouble(
        kind="step",
        subject=process_subject(row.subscriber, row.key),
        code=STEP_FAILED,
        team=OWNERLESS,
        cause=f"{row.subscriber} failed at {step.message.type} for {row.key.kind} {row.key.id}",
        action="Mend the process or the message, then retry; waive skips this message",
        about=(row.key.id,),
        seen={**about_message(step.message), **facts_of(error)},
        message_id=step.message.id,
        document_id=step.message.document_id,
        correlation_id=step.message.correlation_id,
    )


def poisoned(step: Step, deaths: int) -> Trouble:
    """Tell of a step that takes its worker down with it, or takes too long to be written."""
    row = step.row
    return Trouble(
        kind="step",
        subject=process_subject(row.subscriber, row.key),
        code=STEP_POISON,
        team=OWNERLESS,
        cause=(
            f"{step.message.type} for {row.key.kind} {row.key.id} has stopped the worker "
            f"{deaths} times in {row.subscriber}: it died, or took longer than the store waits"
        ),
        action="Look at the message and the worker's last log; retry once mended, or waive",
        about=(row.key.id,),
        seen={**about_message(step.message), "deaths": str(deaths)},
        message_id=step.message.id,
        document_id=step.message.document_id,
        correlation_id=step.message.correlation_id,
    )


def park(unit: Unit, step: Step, why: str, at: datetime) -> None:
    """Let the step's key wait for a person."""
    unit.park(step.row.tenant, step.row.subscriber, step.row.key, why, at)


def set_aside(roster: Roster, unit: Unit, step: Step, deaths: int, now: datetime) -> Dispatched:
    """Park the key of a step that has killed its workers, with an exception."""
    trouble = poisoned(step, deaths)
    park(unit, step, trouble.cause, now)
    unit.open_exceptions([trouble.row(step.row.tenant, roster.rulebook, now)])
    tally = Counter({f"steps/{step.row.subscriber}/poison": 1})
    unit.bump(roster.tenant, tally)
    return Dispatched(more=True, parked=(name_of(step.row),), tally=tally)
