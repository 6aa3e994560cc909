"""Numbers and answers under any sequence of asking, receiving, failing and restarting.

Every number is used for one exchange alone and rises; every document that is owed an answer has
one, says in it what is stored, and gets the same bytes however often it comes.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crossdock.flow.answering import StoredVerdict
from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.sealing import numbering_of
from crossdock.messages.envelope import Key
from crossdock.ports import Exchange
from crossdock.ports.store import OutboxRow
from crossdock.store.memory import MemoryStore
from tests.flow.kit import BUSY, LOST, NOON, REFUSAL, Line, answered, lines
from tests.flow.numbered_kit import Numbered, bytes_of, numbered_house, parcel

ANSWERS = (answered(), LOST, BUSY, REFUSAL)


class Exchanges(RuleBasedStateMachine):
    """A partner who is asked for effects, and who sends parcels that are owed an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.at = NOON
        self.asked = 0
        self.said = 0
        self.sent: set[tuple[int, str, bool, bool]] = set()

    @initialize()
    def open(self) -> None:
        """Open the house."""
        self.machine: Machine = numbered_house(self.store, Numbered())

    @rule(version=st.integers(1, 3), reason=st.sampled_from(["ask", "drop"]))
    def speak(self, version: int, reason: str) -> None:
        """Ask for an effect, ask again, or drop one."""
        self.said += 1
        line = Line(id=f"e{self.said}", version=version, reason=reason)
        self.machine.receive([lines(line)], self.at)
        self.machine.run_to_quiescence(self.at)

    @rule(
        number=st.integers(1, 4),
        order=st.sampled_from(["SO-1", "SO-2"]),
        test=st.booleans(),
        silent=st.booleans(),
        times=st.integers(1, 3),
        in_response=st.booleans(),
    )
    def hand_in(  # noqa: PLR0913 - a parcel has this many sides
        self, number: int, order: str, times: int, *, test: bool, silent: bool, in_response: bool
    ) -> None:
        """Bring a parcel, once or several times at once."""
        self.sent.add((number, order, test, silent))
        one = parcel(number, order, test=test, silent=silent, in_response=in_response)
        self.machine.receive([one] * times, self.at)
        self.machine.run_to_quiescence(self.at)

    @rule(exchange=st.sampled_from(ANSWERS))
    def deliver(self, exchange: Exchange) -> None:
        """Make the calls that are due."""
        self.at += timedelta(hours=1)
        works = self.machine.lease("tms", self.at).works
        results = [Result(work=each, exchange=exchange, ended_at=self.at) for each in works]
        self.machine.record("tms", results, self.at)
        self.machine.run_to_quiescence(self.at)

    @rule(cleanly=st.booleans())
    def restart(self, *, cleanly: bool) -> None:
        """End the house, cleanly or not, and open another over the same store."""
        if cleanly:
            self.machine.stop()
        self.open()
        self.machine.run_to_quiescence(self.at)

    def rows(self) -> list[OutboxRow]:
        """List all effects, in the order in which they were asked for."""
        keys = [("counter", Key("order", each)) for each in ("SO-1", "SO-2")]
        with self.store.read() as reader:
            found = [
                row
                for subscriber, key in [*keys, ("", Key("partner", "tms"))]
                for row in reader.outbox_of("main", subscriber, key)
            ]
        return sorted(found, key=lambda row: row.seq)

    @invariant()
    def a_number_is_of_one_exchange(self) -> None:
        """Let no number stand in two different bytes, at any level."""
        if not hasattr(self, "machine"):
            return
        bodies: dict[tuple[str, int], set[bytes]] = defaultdict(set)
        for row in self.rows():
            for level, number in numbering_of(row).control.items():
                bodies[level, number].add(bytes_of(row))
        assert {name for name, found in bodies.items() if len(found) > 1} == set()

    @invariant()
    def nothing_leaves_without_its_numbers(self) -> None:
        """Let every effect carry both numbers, equal, since they were taken together."""
        if not hasattr(self, "machine"):
            return
        taken = [sorted(numbering_of(row).control.values()) for row in self.rows()]
        assert [each for each in taken if len(each) != 2 or each[0] != each[1]] == []

    @invariant()
    def what_is_answered_is_what_is_stored(self) -> None:
        """Let each parcel that is owed an answer have one, the same bytes, saying as stored."""
        if not hasattr(self, "machine"):
            return
        answers: dict[str, set[bytes]] = defaultdict(set)
        for row in self.rows():
            if not row.subscriber:
                answers[row.business_key].add(bytes_of(row))
        with self.store.read() as reader:
            stored = {name: reader.seen("main", "tms", f"answer {name}") for name in answers}
        for name, bodies in answers.items():
            (body,) = bodies
            kept = stored[name]
            assert kept is not None
            verdict = msgspec.json.decode(kept.answer, type=StoredVerdict).verdict
            assert body.endswith(f"is {verdict}".encode())
        owed = [(number, order, test) for number, order, test, silent in self.sent if not silent]
        assert len(answers) == len(set(owed))


Exchanges.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestExchanges = Exchanges.TestCase
