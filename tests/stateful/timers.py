"""Timers against a dictionary: replaced by name, rung once, oldest first."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from crossdock.messages.envelope import Key
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN
from tests.stateful.counted import SECOND
from tests.stateful.stores import Died, OverStore, die_if

SUBSCRIBER = "order_release"
keys = st.sampled_from([Key("order", each) for each in ("a", "b")])
names = st.sampled_from(("confirm", "remind"))


class Timers(OverStore):
    """Processes set and cancel timers; a timekeeper rings them, and at times dies doing it."""

    def __init__(self) -> None:
        """Begin without timers."""
        super().__init__()
        self.model: dict[tuple[Key, str], datetime] = {}

    @rule(key=keys, name=names, in_seconds=st.integers(-5, 30))
    def set_one(self, key: Key, name: str, in_seconds: int) -> None:
        """A timer is set, in place of one of its name."""
        due_at = self.now + in_seconds * SECOND
        with self.store.write() as unit:
            unit.set_timers([rows.timer(name, key=key, due_at=due_at)])
        self.model[key, name] = due_at

    @rule(key=keys, name=names)
    def cancel(self, key: Key, name: str) -> None:
        """A timer is forgotten; none of the name is no error."""
        with self.store.write() as unit:
            unit.cancel_timers([(MAIN, SUBSCRIBER, key, name)])
        self.model.pop((key, name), None)

    @rule(limit=st.integers(1, 3), dies=st.booleans())
    def ring(self, limit: int, dies: bool) -> None:  # noqa: FBT001 - drawn
        """What is due is taken, oldest first; a timekeeper that dies leaves it to be rung again."""
        due = sorted(at for at in self.model.values() if at <= self.now)[:limit]
        try:
            with self.store.write() as unit:
                rung = unit.due_timers(self.now, limit)
                assert [row.due_at for row in rung] == due
                assert all(self.model[row.key, row.name] == row.due_at for row in rung)
                die_if(dies)
        except Died:
            return
        for row in rung:
            del self.model[row.key, row.name]

    @rule(seconds=st.integers(-3, 20))
    def time_passes(self, seconds: int) -> None:
        """The clock moves, at times back."""
        self.now += seconds * SECOND

    @invariant()
    def timers_are_as_the_model_says(self) -> None:
        """Every timer is there once, and the next is known."""
        with self.store.read() as reader:
            found = {
                (row.key, row.name): row.due_at
                for key in {key for key, _ in self.model}
                for row in reader.timers(MAIN, SUBSCRIBER, key)
            }
            assert (found, reader.next_timer()) == (
                self.model,
                min(self.model.values(), default=None),
            )
