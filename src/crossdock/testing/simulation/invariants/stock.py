"""Stock: what is set aside at the ERP, what has left of it, and what went back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crossdock.simulators import auditor
from crossdock.simulators.stock_audit import Shelf, is_of_stock
from crossdock.testing.simulation.invariants.base import Invariant, Scene
from crossdock.testing.simulation.rosters import STOCKED


class NoMoreThanCommitted(Invariant):
    """The quantities of INV-19, while the day goes on."""

    number = "S18"
    says = "no more of an order has left, as the ERP has it, than is set aside for it"
    wakes = frozenset({"done"})

    def __init__(self, scene: Scene) -> None:
        """Begin with empty shelves."""
        super().__init__(scene)
        self._shelves: dict[str, Shelf] = defaultdict(Shelf)

    def after(self) -> Iterator[str]:
        """Follow what the ERP has done."""
        for done in self.witness.news.done:
            if done.partner != "erp" or not is_of_stock(done.entry):
                continue
            if not self._shelves[done.entry.content["order_id"]].move(done.entry):
                yield f"{done.entry.content_key}: more has left than is set aside"


class StockConserved(Invariant):
    """The quantities of INV-19, at the end."""

    number = "INV-19"
    says = "each order has set aside what it wants, or what has left of it, or asks somebody"

    def at_end(self) -> Iterator[str]:
        """Hold the ERP's shelves against its orders, the plans and the goods issues."""
        evidence = auditor.Evidence(
            erps=(self.scene.ledger("erp"),),
            tms=self.scene.ledger("tms"),
            carriers=(),
            exceptions=self.scene.asked_about(),
            stocked=STOCKED,
        )
        yield from auditor.stock_not_conserved(evidence)
