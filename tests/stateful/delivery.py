"""Workers against a partner's ledger: the real machine delivers, workers die and come back late.

The ledger is kept by business content. For a partner that honours keys, and for one that can be
asked, each effect is done once and in the end it is done; where nothing protects, at most once, and
what nobody can tell is one exception.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.settling import SEND, Work
from crossdock.ports import EffectClass, Exchange
from crossdock.ports.store import OutboxStatus
from tests.flow.kit import (
    BUSY,
    LOST,
    NOT_KNOWN,
    THROTTLE,
    UNREACHED,
    Chatty,
    answered,
    ask,
    effects,
    house,
    queue,
)
from tests.stateful.counted import SECOND
from tests.stateful.stores import OverStore

ORDERS = ("SO-1", "SO-2", "SO-3")
WELL = "well"
ANSWERS: dict[str, Exchange | None] = {
    WELL: None,
    "lost before": LOST,
    "lost after": LOST,
    "unreached": UNREACHED,
    "busy": BUSY,
    "throttled": THROTTLE,
}
WISHES: dict[str, Any] = {
    "rate_per_second": 1000.0,
    "breaker_open_seconds": 5.0,
    "attempts_max": 1000,
}


HEALED_ROUNDS = 70  # an hour of pause is the longest


class Delivery(OverStore):
    """Two workers share a store and a partner."""

    @initialize(
        effect=st.sampled_from([EffectClass.IDEMPOTENT, EffectClass.LOOKUP, EffectClass.NEITHER])
    )
    def begin(self, effect: EffectClass) -> None:
        """Choose what the partner promises."""
        self.effect = effect
        self.ledger: Counter[str] = Counter()
        self.done: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.flying: list[tuple[int, Work, Exchange]] = []
        self.workers = [self.worker(), self.worker()]

    def worker(self) -> Machine:
        """Start a worker."""
        chatty = Chatty(self.effect, busy_means="not_applied")
        return house(self.store, chatty, **WISHES)

    @rule(order=st.sampled_from(ORDERS))
    def process_asks(self, order: str) -> None:
        """A process asks for one effect more."""
        self.asked[order] += 1
        ask(self.workers[0], self.asked[order], order=order, at=self.now)
        self.workers[0].run_to_quiescence(self.now)  # one that has just started is careful

    @rule(which=st.integers(0, 1), answers=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1))
    def call(self, which: int, answers: list[str]) -> None:
        """A worker leases and calls; what the partner answers is on its way."""
        for number, work in enumerate(self.workers[which].lease("tms", self.now).works):
            how = answers[number % len(answers)]
            self.flying.append((which, work, self.partner(work, how)))

    def partner(self, work: Work, how: str) -> Exchange:
        """Do what is asked, unless it never arrives, and answer as `how` says."""
        name = f"{work.row.business_key}/{work.row.version}"
        if work.purpose != SEND:
            known = answered() if self.ledger[name] else NOT_KNOWN
            return ANSWERS[how] or known
        if how in {WELL, "lost after"}:
            honoured = (
                self.effect is EffectClass.IDEMPOTENT and work.row.idempotency_key in self.done
            )
            self.ledger[name] += not honoured
            self.done.add(work.row.idempotency_key)
        return ANSWERS[how] or answered()

    @rule(choice=st.integers(0, 20))
    def record(self, choice: int) -> None:
        """An answer comes back to the worker that called, in time or late."""
        if self.flying:
            which, work, exchange = self.flying.pop(choice % len(self.flying))
            result = Result(work=work, exchange=exchange, ended_at=self.now)
            self.workers[which].record("tms", [result], self.now)
            self.workers[which].run_to_quiescence(self.now)

    @rule(which=st.integers(0, 1))
    def die(self, which: int) -> None:
        """A worker dies with its calls; another starts in its place."""
        self.flying = [each for each in self.flying if each[0] != which]
        self.workers[which] = self.worker()

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        """Time passes; leases may run out while their worker is frozen."""
        self.now += seconds * SECOND

    @invariant()
    def nothing_is_done_twice(self) -> None:
        """The ledger holds each thing once; what is said to be done is done."""
        if not hasattr(self, "ledger"):
            return
        assert {name: times for name, times in self.ledger.items() if times > 1} == {}
        for order in ORDERS:
            for row in effects(self.workers[0], order):
                name = f"{row.business_key}/{row.version}"
                if row.status is OutboxStatus.APPLIED:
                    assert self.ledger[name] == 1
                assert row.status is not OutboxStatus.REFUSED

    def teardown(self) -> None:
        """Heal everything: then all is done, but for what waits for a person to tell."""
        if hasattr(self, "ledger"):
            self.flying = []
            for _ in range(HEALED_ROUNDS):
                self.now += 60 * SECOND
                self.call(0, [WELL])
                while self.flying:
                    self.record(0)
            ends = {order: self.ends(order) for order in ORDERS}
            assert ends == {order: self.expected(ends[order]) for order in ORDERS}
            assert {order: len(each) for order, each in ends.items()} == {
                order: self.asked[order] for order in ORDERS
            }
            unresolved = [end for each in ends.values() for end in each if end == "unresolved"]
            assert not unresolved or self.effect is EffectClass.NEITHER
            assert queue(self.workers[0]) == [
                ("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION") for _ in unresolved
            ]
            self.nothing_is_done_twice()
        super().teardown()

    def ends(self, order: str) -> list[str]:
        """Tell where an order's effects stand, in their line."""
        return [row.status.value for row in effects(self.workers[0], order)]

    @staticmethod
    def expected(ends: list[str]) -> list[str]:
        """All of a line is done, up to the first that nobody can tell: the rest waits for that."""
        done = ends.index("unresolved") if "unresolved" in ends else len(ends)
        rest = len(ends) - done
        return ["applied"] * done + ["unresolved", *["waiting"] * (rest - 1)][:rest]
