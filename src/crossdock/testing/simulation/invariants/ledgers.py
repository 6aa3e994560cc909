"""Ledgers: what the house believes to stand in them is what they hold, but for what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.canonical.money import Money, decimal_text
from crossdock.messages.freight_reconciliation import AskedLine, PostedLine
from crossdock.messages.freight_settlement import AccrueFreight, PostFreightInvoice, ReleaseBilling
from crossdock.ports.store import OutboxStatus
from crossdock.processes.freight_settlement_state import Accrued, Paid, Released, Settlement
from crossdock.simulators import statements
from crossdock.simulators.ledger import Entry
from crossdock.simulators.mischief import Mischief
from crossdock.testing.simulation.invariants.base import Invariant
from crossdock.testing.simulation.statements import TELLERS
from crossdock.testing.simulation.witness import ERPS

SETTLEMENTS = (
    "SELECT state FROM process WHERE tenant = 'main' AND subscriber = 'freight_settlement'"
)
# How each posting's effects ended, the newest last.
ENDS = (
    "SELECT verb, business_key, status FROM outbox WHERE tenant = 'main'"
    " AND subscriber = 'freight_settlement' ORDER BY seq"
)
PROJECTED = "SELECT key, body FROM projection WHERE tenant = 'main' AND kind = ?"
POSTED, ASKED = "freight_posting", "freight_asked"
NOWHERE = frozenset({OutboxStatus.REFUSED, OutboxStatus.SUPERSEDED})  # nothing came of it
NOTHING = Decimal()

Name = tuple[str, str]  # the verb, and what it is about
Shares = Mapping[str, Decimal]


class Belief(Struct, frozen=True, kw_only=True):
    """What the house believes to stand of a posting, and what it asked for last.

    An accrual stands as the shares of orders, an invoice or a release as one amount, under no name.
    """

    stands: Shares
    told: Shares
    is_out: bool


class Believed(Invariant):
    """INV-38, of every posting."""

    number = "INV-38"
    says = "what is believed to stand in a ledger stands there; what is open may stand as asked"

    def at_end(self) -> Iterator[str]:
        """Hold the states of loads, and what was told of them, against the partners' books."""
        ends = {(verb, key): status for verb, key, status in self.scene.rows(ENDS)}
        yield from self._of_loads(ends)
        yield from self._of_lines(ends)

    def _of_loads(self, ends: Mapping[Name, str]) -> Iterator[str]:
        held = dict(held_by(entry for erp in ERPS for entry in self.witness.done[erp]))
        believed: dict[Name, Belief] = {}
        for (state,) in self.scene.rows(SETTLEMENTS):
            believed.update(beliefs(msgspec.json.decode(state, type=Settlement)))
        for name in sorted(believed.keys() | held.keys()):
            belief = believed.get(name, Belief(stands={}, told={}, is_out=False))
            there = held.get(name, {})
            known = _may_stand(belief, ends.get(name, ""))
            if there not in known:
                said = " or ".join(map(_written, known))
                yield f"{' '.join(name)} stands as {_written(there)}, and is believed to as {said}"

    def _of_lines(self, ends: Mapping[Name, str]) -> Iterator[str]:
        """Hold what the reconciliation goes by against every ledger, copies included."""
        posted = {
            key: msgspec.json.decode(body, type=PostedLine).line.amount
            for key, body in self.scene.rows(PROJECTED, POSTED)
        }
        asked = {
            key: msgspec.json.decode(body, type=AskedLine).amount
            for key, body in self.scene.rows(PROJECTED, ASKED)
        }
        held = {
            f"{ledger}/{one.name}": (one.verb, Decimal(one.line["amount"]["amount"]))
            for ledger in TELLERS
            for one in statements.held(iter(self.witness.done[ledger]), Mischief(seed=0))
        }
        for name in sorted(posted.keys() | held.keys()):
            known = _main(posted[name]) if name in posted else NOTHING
            verb, there = held.get(name, ("", NOTHING))
            subject = name.split("/", 2)[2]
            verbs = [verb] if verb else [each for each, key in ends if key == subject]
            open_ = [
                _main(asked[f"{each}/{subject}"])
                for each in verbs
                if ends.get((each, subject), "") not in {"applied", "waived", *NOWHERE}
                and f"{each}/{subject}" in asked
            ]
            if there not in {known, *open_}:
                yield f"{name} stands with {there}, and {known} is told of it"


def beliefs(state: Settlement) -> Iterator[tuple[Name, Belief]]:
    """Read what a load believes to stand of each of its postings."""
    for name, accrued in state.accrued.items():
        yield (AccrueFreight.verb, f"{state.load_id}/{name}"), _of_accrual(accrued)
    for name, paid in state.paid.items():
        yield (PostFreightInvoice.verb, name), _of_invoice(paid)
    for order_id, released in state.released.items():
        yield (ReleaseBilling.verb, f"{order_id}/{state.load_id}"), _of_release(released)


def _of_accrual(told: Accrued) -> Belief:
    def shares(minors: Mapping[str, int]) -> Shares:
        amounts = {
            order: _main(Money(minor=minor, currency=told.amount.currency))
            for order, minor in minors.items()
        }
        return {order: amount for order, amount in amounts.items() if amount}

    return Belief(stands=shares(told.standing), told=shares(told.shares), is_out=told.is_out)


def _of_invoice(told: Paid) -> Belief:
    stands = Money(minor=told.stood, currency=told.payable.currency)
    return Belief(stands=_one(stands), told=_one(told.payable), is_out=told.is_out)


def _of_release(told: Released) -> Belief:
    asked = None if told.reversed_ else told.freight
    return Belief(stands=_billed(told.stood), told=_billed(asked), is_out=told.is_out)


def _one(amount: Money) -> Shares:
    return {"": _main(amount)} if amount.minor else {}


def _billed(freight: Money | None) -> Shares:
    """Tell an order that is billed without freight from one that is not billed."""
    return {} if freight is None else {"": _main(freight)}


def _main(amount: Money) -> Decimal:
    return Decimal(decimal_text(amount))


def _may_stand(belief: Belief, status: str) -> list[Shares]:
    """Say how a posting may stand: as believed; while it is out as asked, once its end is known.

    What was refused is nowhere; what is on its way, or nobody knows of, is here or there.
    """
    if not belief.is_out or status in NOWHERE:
        return [belief.stands]
    return [belief.told] if status == OutboxStatus.APPLIED else [belief.stands, belief.told]


def held_by(entries: Iterator[Entry]) -> Iterator[tuple[Name, Shares]]:
    """Read what ERPs hold of accruals, invoices and orders to bill; the last word of each holds."""
    for entry in entries:
        told = entry.content
        if entry.kind != "received":
            continue
        match entry.verb:
            case AccrueFreight.verb:
                name = f"{told['load_id']}/{told['charge']}"
                amounts = {each["order_id"]: _decimal(each["amount"]) for each in told["shares"]}
                shares = {order: amount for order, amount in amounts.items() if amount}
            case PostFreightInvoice.verb:
                part = f"@{told['part']}" if told.get("part") else ""
                name = f"{told['carrier_scac']}/{told['invoice_id']}{part}"
                payable = _decimal(told["payable"])
                shares = {"": payable} if payable else {}
            case ReleaseBilling.verb:
                name = f"{told['order_id']}/{told['load_id']}"
                shares = {} if told.get("reversed") else {"": _decimal(told["freight"])}
            case _:
                continue
        yield (entry.verb, name), shares


def _decimal(told: Mapping[str, Any]) -> Decimal:
    return Decimal(told["amount"])


def _written(shares: Shares) -> str:
    parts = (f"{amount} for {name}" if name else f"{amount}" for name, amount in shares.items())
    return ", ".join(parts) or "nothing"
