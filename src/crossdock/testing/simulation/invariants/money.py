"""Money: accrued once and with proof, in the order of the books, split exactly, and conserved."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock.simulators import money_audit
from crossdock.simulators.ledger import Entry
from crossdock.testing.simulation.invariants.base import Invariant, Scene

ERPS = ("erp", "legacy")
ACCRUE, INVOICE = "erp.accrue", "erp.post_freight_invoice"


class Posted(Invariant):
    """What watches postings: `judge` is given each that an ERP has taken."""

    wakes = frozenset({"done"})

    def after(self) -> Iterator[str]:
        """Judge what the ERPs have just been told of money."""
        for done in self.witness.news.done:
            taken = done.partner in ERPS and done.entry.kind == "received"
            if taken and done.entry.verb in {ACCRUE, INVOICE}:
                yield from self.judge(done.partner, done.entry)

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Say what is wrong with a posting."""
        raise NotImplementedError


class AccruedOnce(Posted):
    """INV-31."""

    number = "INV-31"
    says = "each accrual of a charge has a revision of its own and moves from what stands"

    def __init__(self, scene: Scene) -> None:
        """Begin with empty books."""
        super().__init__(scene)
        self._stands: dict[tuple[str, str, str], Decimal] = {}
        self._revisions: dict[tuple[str, str, str], int] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Follow what stands for each charge."""
        if entry.verb != ACCRUE:
            return
        told = entry.content
        name = (partner, told["load_id"], told["charge"])
        if _amount(told, "before") != self._stands.get(name, Decimal()):
            stands = self._stands.get(name, Decimal())
            yield f"{entry.content_key}: it says that {told['before']} stood, and {stands} did"
        if int(told["revision"]) <= self._revisions.get(name, 0):
            yield f"{entry.content_key}: its revision is not higher than the last"
        self._stands[name] = _amount(told, "amount")
        self._revisions[name] = int(told["revision"])


class AccruedWithProof(Posted):
    """INV-32."""

    number = "INV-32"
    says = "nothing is accrued before its goods are delivered and somebody has charged them"

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold an accrual against what carriers and the TMS told by then."""
        if entry.verb == ACCRUE:
            carriers = [tuple(self.witness.done[name]) for name in self.scene.carriers()]
            tms = tuple(self.witness.done["tms"])
            yield from money_audit.accrual_without_proof(((entry,),), tms, carriers)
        if entry.verb == ACCRUE and _amount(entry.content, "amount") and partner == "erp":
            told = {each["condition"] for each in entry.content["proofs"]}
            if told != {"milestone_validated", "charge_confirmed"}:
                yield f"{entry.content_key}: its proofs are {sorted(told)}"


class InOrder(Posted):
    """INV-34."""

    number = "INV-34"
    says = "an invoice is posted when all it charges stands accrued as it is paid"

    def __init__(self, scene: Scene) -> None:
        """Begin with empty books."""
        super().__init__(scene)
        self._stands: dict[tuple[str, str], Decimal] = {}

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Hold an invoice against the accruals before it."""
        del partner
        told = entry.content
        if entry.verb == ACCRUE:
            self._stands[told["load_id"], told["charge"]] = _amount(told, "amount")
            return
        stands = [self._stands.get((told["load_id"], each)) for each in told["charges"]]
        if None in stands or sum(filter(None, stands), Decimal()) != _amount(told, "payable"):
            yield f"{entry.content_key}: {told['payable']} is paid, and {stands} stands accrued"


class SplitExactly(Posted):
    """INV-37."""

    number = "INV-37"
    says = "the orders' parts of a posting come to its amount"

    def judge(self, partner: str, entry: Entry) -> Iterator[str]:
        """Add up the shares."""
        del partner
        name = "amount" if entry.verb == ACCRUE else "payable"
        whole = _amount(entry.content, name)
        parts = sum((_amount(each, "amount") for each in entry.content["shares"]), Decimal())
        if parts != whole:
            yield f"{entry.content_key}: the shares come to {parts}, and {whole} is posted"


class MoneyConserved(Invariant):
    """INV-33, at the end."""

    number = "INV-33"
    says = "what stands is what moved it, what is paid is accrued and asked, or asks somebody"

    def at_end(self) -> Iterator[str]:
        """Hold all books against each other."""
        erps = [self.scene.ledger(name) for name in ERPS]
        carriers = [self.scene.ledger(name) for name in self.scene.carriers()]
        yield from money_audit.money_not_conserved(erps, carriers, self.scene.asked_about())
        yield from money_audit.doubled_postings(erps)


def _amount(told: dict[str, Any], name: str) -> Decimal:
    return Decimal(told[name]["amount"])
