"""Leases and fences against a dictionary: one holder at a time, a late result never counts."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from msgspec.structs import replace

from crossdock.ports.store import OutboxRow, OutboxStatus
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN
from tests.stateful.counted import SECOND
from tests.stateful.stores import OverStore

PASSED = {OutboxStatus.APPLIED, OutboxStatus.WAIVED, OutboxStatus.SUPERSEDED}
LEASE = 10 * SECOND
ids = st.integers(1, 6).map(lambda number: f"x{number}")


class Outbox(OverStore):
    """Workers lease effects, record results, die, freeze and come back late."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        super().__init__()
        self.model: dict[str, OutboxRow] = {}
        self.held: list[OutboxRow] = []  # every lease ever given

    @rule(id_=ids, line=st.sampled_from(("", "", "L-1")), in_seconds=st.integers(0, 20))
    def ask(self, id_: str, line: str, in_seconds: int) -> None:
        """An effect is asked for, once for each key however often."""
        due_at = self.now + in_seconds * SECOND
        row = rows.effect(id_, sequence_key=line, due_at=due_at)
        with self.store.write() as unit:
            unit.ask([row])
        if id_ not in self.model:
            self.model[id_] = replace(
                row, seq=1 + max((e.seq for e in self.model.values()), default=0)
            )

    @rule(limit=st.integers(1, 4))
    def lease(self, limit: int) -> None:
        """A worker leases what is due, oldest first, at most one of a line."""
        due = [row for row in sorted(self.model.values(), key=seq) if self.is_due(row)][:limit]
        with self.store.write() as unit:
            given = unit.lease(MAIN, "tms", self.now, self.now + LEASE, limit)
        assert [(row.id, row.fence) for row in given] == [(row.id, row.fence + 1) for row in due]
        for row in given:
            before = self.model[row.id]
            shown = OutboxStatus.UNKNOWN if before.status is OutboxStatus.LEASED else before.status
            assert row.status is shown
            self.model[row.id] = replace(
                before,
                status=OutboxStatus.LEASED,
                fence=row.fence,
                lease_until=self.now + LEASE,
            )
        self.held += given

    def is_due(self, row: OutboxRow) -> bool:
        """Tell whether a row may be leased now."""
        at = due_at(row)
        return self.is_first(row) and at is not None and at <= self.now

    def is_first(self, row: OutboxRow) -> bool:
        """Tell whether nothing is before a row in its line."""
        return all(
            each.status in PASSED or each.seq >= row.seq
            for each in self.model.values()
            if row.sequence_key and each.sequence_key == row.sequence_key
        )

    @rule(choice=st.integers(0, 30), status=st.sampled_from(OutboxStatus), again=st.integers(0, 9))
    def settle(self, choice: int, status: OutboxStatus, again: int) -> None:
        """A worker brings a result back, in time or long after others took over."""
        if not self.held or status is OutboxStatus.LEASED:
            return
        row = replace(
            self.held[choice % len(self.held)],
            status=status,
            due_at=self.now + again * SECOND,
            attempts=1,
            lease_until=None,
        )
        counts = self.model[row.id].fence == row.fence
        with self.store.write() as unit:
            assert unit.settle([row]) == [counts]
        if counts:
            self.model[row.id] = replace(row, seq=self.model[row.id].seq)

    @rule(id_=ids)
    def waive(self, id_: str) -> None:
        """A person decides; every lease is void from then on."""
        if id_ not in self.model:
            return
        row = replace(self.model[id_], status=OutboxStatus.WAIVED, lease_until=None)
        with self.store.write() as unit:
            unit.rewrite_effect(row)
        self.model[id_] = replace(row, fence=row.fence + 1)

    @rule(id_=ids)
    def drop(self, id_: str) -> None:
        """What was never sent, or refused, is taken back."""
        with self.store.write() as unit:
            dropped = unit.drop_effects(MAIN, "tms.plan", id_, "1", "not needed", self.now)
        row = self.model.get(id_)
        never = row is not None and (row.status, row.attempts) == (OutboxStatus.WAITING, 0)
        meant = row is not None and (never or row.status is OutboxStatus.REFUSED)
        assert [each.id for each in dropped] == ([id_] if meant else [])
        if row is not None and meant:
            self.model[id_] = replace(
                row, status=OutboxStatus.SUPERSEDED, said="not needed", finished_at=self.now
            )

    @rule(seconds=st.integers(0, 15))
    def time_passes(self, seconds: int) -> None:
        """Time passes."""
        self.now += seconds * SECOND

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        """Every effect stands where the model says, and the next is due when it says."""
        with self.store.read() as reader:
            found = reader.outbox(MAIN, sorted(self.model))
            next_at = reader.next_effect(MAIN, "tms")
        assert found == [self.model[id_] for id_ in sorted(self.model)]
        first = filter(self.is_first, self.model.values())
        dues = [at for row in first if (at := due_at(row)) is not None]
        assert next_at == min(dues, default=None)


def seq(row: OutboxRow) -> int:
    """Sort as they were asked for."""
    return row.seq


def due_at(row: OutboxRow) -> datetime | None:
    """Tell when an effect may be leased; None where it has ended."""
    if row.status is OutboxStatus.LEASED:
        return row.lease_until
    return row.due_at if row.status in {OutboxStatus.WAITING, OutboxStatus.UNKNOWN} else None
