"""A breaker shared by workers with clocks of their own: one probe, and late words do not count."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from crossdock.flow.breaker import Wishes, admit, is_held, let_go, locked, note, returned
from crossdock.flow.outcomes import Vote
from crossdock.ports.store import BreakerRow, BreakerState
from crossdock.testing.store_conformance.rows import MAIN
from tests.stateful.counted import SECOND
from tests.stateful.stores import OverStore

WISHES = Wishes(failures_max=3, open_for=30 * SECOND, probe_for=20 * SECOND)


class Called(NamedTuple):
    """A call that was admitted: under which generation, and whether as the probe, until when."""

    generation: int
    probe_until: datetime | None


class Breaker(OverStore):
    """Workers ask to call, call, come back well or ill, in time or late, or never."""

    def __init__(self) -> None:
        """Begin closed."""
        super().__init__()
        self.called: list[Called] = []
        self.generations = [0]
        self.failures = 0

    def row(self) -> BreakerRow:
        """Read the breaker as it is stored."""
        with self.store.read() as reader:
            return reader.breaker(MAIN, "tms")

    def save(self, row: BreakerRow, generation: int) -> bool:
        """Save by compare-and-set."""
        with self.store.write() as unit:
            return unit.save_breaker(row, generation)

    @rule(workers=st.integers(1, 4))
    def ask(self, workers: int) -> None:
        """Several workers read the same row and ask at once; at most one gets the probe."""
        row = self.row()
        granted = 0
        for _ in range(workers):
            admission = admit(row, self.now, WISHES)
            if admission.permits == 0:
                continue
            claimed = admission.claimed
            if claimed is None:
                self.called.append(Called(admission.generation, None))
            elif self.save(claimed, row.generation):
                granted += 1
                assert not self.probes_out()
                self.called.append(Called(admission.generation, claimed.probe_until))
        assert granted <= 1
        if (
            row.state is BreakerState.OPEN
            and row.open_until is not None
            and self.now < row.open_until
        ):
            assert granted == 0

    def probes_out(self) -> list[Called]:
        """List the probes of the present generation whose lease has not run out."""
        generation = self.row().generation
        return [
            each
            for each in self.called
            if each.probe_until is not None
            and each.generation == generation
            and self.now < each.probe_until
        ]

    @rule(choice=st.integers(0, 50), vote=st.sampled_from(Vote))
    def come_back(self, choice: int, vote: Vote) -> None:
        """A call comes back; only one of the present generation moves anything."""
        if not self.called:
            return
        call = self.called.pop(choice % len(self.called))
        before = self.row()
        after = note(before, call.generation, vote, self.now, WISHES)
        if call.generation != before.generation or vote is Vote.NEITHER:
            assert after == before
        if before.state is BreakerState.CLOSED and call.generation == before.generation:
            self.count(before, after, vote)
        if after != before:
            assert self.save(after, before.generation)

    def count(self, before: BreakerRow, after: BreakerRow, vote: Vote) -> None:
        """Hold the count of failures in a row against the model's."""
        if vote is Vote.WELL:
            self.failures = 0
        elif vote is Vote.ILL:
            self.failures += 1
        opens = self.failures >= WISHES.failures_max
        expected = BreakerState.OPEN if opens else BreakerState.CLOSED
        assert (after.state, after.failures) == (expected, self.failures)
        if opens:
            assert after.open_until == self.now + WISHES.open_for
            assert after.generation == before.generation + 1

    @rule(choice=st.integers(0, 50))
    def lock(self, choice: int) -> None:
        """Credentials are refused: it stays open until a person lets go."""
        if self.called:
            call, before = self.called[choice % len(self.called)], self.row()
            self.save(locked(before, call.generation, self.now), before.generation)
            assert is_held(self.row()) or call.generation != before.generation

    @rule()
    def person_lets_go(self) -> None:
        """A person lets go: the next call probes."""
        before = self.row()
        self.save(let_go(before, self.now), before.generation)
        if before.state is not BreakerState.CLOSED:
            assert admit(self.row(), self.now, WISHES).permits == 1

    @rule()
    def give_back(self) -> None:
        """A worker that found nothing to send gives its probe back."""
        before = self.row()
        if before.state is BreakerState.HALF_OPEN:
            self.save(returned(before, self.now), before.generation)

    @rule(seconds=st.integers(0, 70))
    def time_passes(self, seconds: int) -> None:
        """Time passes."""
        self.now += seconds * SECOND

    @invariant()
    def generations_only_rise(self) -> None:
        """The generation never falls; a closed breaker counts from its last success."""
        row = self.row()
        assert row.generation >= self.generations[-1]
        if row.state is BreakerState.CLOSED and row.generation != self.generations[-1]:
            assert row.failures == 0
        if row.state is BreakerState.CLOSED:
            self.failures = row.failures
            assert row.failures < WISHES.failures_max
        self.generations.append(row.generation)
        assert len(self.probes_out()) <= 1
