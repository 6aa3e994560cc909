"""An order's stock against its ERP's own count, whatever comes in whatever order.

Versions, cancellations and departures come in any order and again; the ERP answers in line, late,
refuses, and operators retry or let go.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from crossdock.messages.envelope import Body
from crossdock.messages.inventory_commitment import CommitmentMoved
from tests.processes.inventory_commitment_world import Erp, accepted, begin, cancelled, issued
from tests.stateful.counted import Counting

QUANTITIES = st.integers(1, 9)
LINES = st.sampled_from([(), ("10",), ("20",), ("10", "20")])
NONE = Decimal(0)


class Commitment(Counting):
    """Everything that can happen to one order's stock."""

    def __init__(self) -> None:
        """Begin before anything was said."""
        super().__init__()
        self.order = begin()
        self.erp = Erp()
        self.heard: list[Body] = []
        self.versions: dict[tuple[int, int], Body] = {}
        self.let_go = False

    def hear(self, body: Body) -> None:
        """Something is said."""
        self.heard.append(body)
        self.erp.hear(self.order.tell(body))

    @rule(version=st.integers(1, 4), edition=st.integers(1, 2), ten=QUANTITIES, twenty=QUANTITIES)
    def accept(self, version: int, edition: int, ten: int, twenty: int) -> None:
        """A version is accepted; one name has one content."""
        known = self.versions.get((version, edition))
        fresh = accepted(version, edition, _10=ten, _20=twenty)
        self.versions[version, edition] = known or fresh
        self.hear(known or fresh)

    @rule(version=st.integers(1, 4))
    def cancel(self, version: int) -> None:
        """The order is off."""
        self.hear(cancelled(version))

    @rule(
        shipment=st.sampled_from(["S-1", "S-2", "S-3"]),
        left=st.booleans(),
        lines=LINES,
        plan=st.integers(1, 3),
        version=st.integers(0, 4),
        shipments=st.integers(1, 2),
        portions=st.none() | st.dictionaries(st.sampled_from(["10", "20"]), QUANTITIES),
    )
    def depart(  # noqa: PLR0913 - a departure has this many sides
        self,
        *,
        shipment: str,
        left: bool,
        lines: tuple[str, ...],
        plan: int,
        version: int,
        shipments: int,
        portions: dict[str, int] | None,
    ) -> None:
        """Goods have left, or have not after all; each word on it has a number of its own."""
        body = issued(
            shipment,
            *lines,
            left=left,
            revision=len(self.heard) + 1,
            plan=plan,
            version=version,
            shipments=shipments,
            portions=portions,
        )
        self.hear(body)

    @precondition(lambda self: self.heard)
    @rule(choice=st.integers(0, 50))
    def again(self, choice: int) -> None:
        """Something is said again, and nothing follows."""
        assert self.order.tell(self.heard[choice % len(self.heard)]) == []

    @precondition(lambda self: self.erp.answered)
    @rule(choice=st.integers(0, 50))
    def answer_again(self, choice: int) -> None:
        """An answer is heard again; it never moves the ERP."""
        answers = self.erp.answered
        self.erp.hear(self.order.tell(answers[choice % len(answers)]))

    @precondition(lambda self: self.erp.next())
    @rule()
    def send(self) -> None:
        """What is next in line leaves the house: it cannot be dropped any more."""
        self.erp.sent = self.erp.next()

    @precondition(lambda self: self.erp.next())
    @rule()
    def apply(self) -> None:
        """The ERP does what is next in line."""
        self.erp.hear(self.order.tell(self.erp.apply()))

    @precondition(lambda self: self.erp.next())
    @rule()
    def refuse(self) -> None:
        """The ERP says no, and the line stands."""
        self.erp.hear(self.order.tell(self.erp.refuse()))

    @precondition(lambda self: self.erp.refused)
    @rule()
    def retry(self) -> None:
        """An operator has it sent again."""
        self.erp.retry()

    @precondition(lambda self: self.erp.refused)
    @rule()
    def waive(self) -> None:
        """An operator lets it go."""
        self.let_go = True
        self.erp.hear(self.order.tell(self.erp.waive()))

    @invariant()
    def never_more_has_left_than_was_set_aside(self) -> None:
        """Whatever the ERP has done so far, each line's open quantity is not below nothing."""
        for line, gone in self.erp.gone().items():
            assert gone <= self.erp.committed.get(line, NONE), (line, self.erp)

    def teardown(self) -> None:
        """Let the ERP do all that is left: then it has what it should, and so the pages say."""
        self.erp.retry()
        for _ in range(200):
            if not self.erp.next():
                break
            self.erp.hear(self.order.tell(self.erp.apply()))
        assert self.erp.line == []
        if not self.let_go:
            self._as_a_calm_world()
        self._as_the_pages_say()

    def _as_a_calm_world(self) -> None:
        """One that heard the same sorted and once ends with the same stock."""
        calm, erp = begin(), Erp()
        for body in sorted(self.heard, key=repr):
            erp.hear(calm.tell(body))
            while erp.next():
                erp.hear(calm.tell(erp.apply()))
        assert (self.erp.committed, self.erp.gone()) == (erp.committed, erp.gone())

    def _as_the_pages_say(self) -> None:
        """What was told last of the stock is what the ERP has."""
        moved = [each for each in self.order.said if isinstance(each, CommitmentMoved)]
        lines = moved[-1].lines if moved else ()
        committed = {each.line_id: each.committed for each in lines if each.committed}
        confirmed = {each.line_id: each.confirmed for each in lines if each.confirmed}
        assert (committed, confirmed) == (self.erp.committed, self.erp.gone())
