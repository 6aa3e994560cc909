"""What may stand for a load, judged from outside: what was planned, what was billed, who agreed.

Read from what partners entered into their ledgers and from what persons said; the house's own match
is not asked. The tolerance is the one row of the rule book that the load keeps.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, combinations
from typing import Any

from crossdock.canonical.money import Money, decimal_text
from crossdock.messages.freight_settlement import FreightVerdict
from crossdock.policies.freight import ToleranceRow
from crossdock.policies.rules import Rules
from crossdock.simulators.ledger import Entry
from crossdock.testing.simulation.witness import Said, Witness

ALONE_UP_TO = Decimal("50.00")  # what one person may decide; see `rosters.FREIGHT`
TOGETHER_MAX = 8  # shipments that may make a sum
PRICED = frozenset({FreightVerdict.SHORT_PAY, FreightVerdict.SETTLE})
DELIVERIES = ("DLV", "POD")


def kind_of(charge: str) -> str:
    """Read the kind in the name of a charge: `STOP_OFF/2` is a STOP_OFF."""
    return re.split("[/@]", charge)[0]


class Agreed:
    """Everything that was told about what loads cost, as it is told."""

    def __init__(self, witness: Witness) -> None:
        """Begin with nothing told."""
        self._witness = witness
        self._planned: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
        self._billed: dict[tuple[str, str], set[Decimal]] = defaultdict(set)
        self._bills: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self._load_of: dict[str, str] = {}
        self._orders: dict[str, set[str]] = defaultdict(set)
        self._delivered: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def hear(self, entry: Entry) -> None:
        """Note what a partner has told."""
        if entry.kind == "planned":
            self._load_of[entry.content["shipment_id"]] = entry.content["load_id"]
            self._orders[entry.content["load_id"]].add(entry.content["order_id"])
        if entry.kind != "sent":
            return
        match entry.verb:
            case "plan.confirmed":
                for each in entry.content["shipments"]:
                    self._plan(each)
            case "invoice":
                self._bill(entry.content["load_id"], entry.content["event"])
            case "charges":
                self._charge(entry.content["load_id"], entry.content["event"])
            case "tracking" if entry.content["event"]["status_code"] in DELIVERIES:
                occurred = datetime.fromisoformat(entry.content["occurred_at"]).astimezone(UTC)
                shipment = entry.content["shipment_id"]
                self._delivered[shipment].append((entry.at, occurred))
            case _:
                pass

    def _plan(self, shipment: dict[str, Any]) -> None:
        for charge in shipment.get("charges", ()):
            of_kind = self._planned[shipment["load_id"], charge["code"]]
            of_kind[shipment["shipment_id"]] = Decimal(charge["amount"]["amount"])

    def _bill(self, load_id: str, event: dict[str, Any]) -> None:
        self._bills[event["carrier_scac"], event["invoice_id"]].append(event)
        self._charge(load_id, event)

    def _charge(self, load_id: str, event: dict[str, Any]) -> None:
        for charge in event["charges"]:
            self._billed[load_id, charge["code"]].add(Decimal(charge["amount"]["amount"]))

    def is_billed(self, load_id: str, kind: str, amount: Decimal) -> bool:
        """Tell whether somebody asked just this amount for a kind of charge, to the cent."""
        return amount in self._billed[load_id, kind]

    def is_shared(self, load_id: str) -> bool:
        """Tell whether orders of several companies ever travelled on a load."""
        return len({self._company(each) for each in self._orders[load_id]}) > 1

    def _company(self, order_id: str) -> str:
        versions = self._witness.versions[order_id].values()
        return next((str(each["company_code"]) for told in versions for each in told), "")

    def is_near(self, load_id: str, kind: str, total: Decimal, book: Rules) -> bool:
        """Tell whether a sum is what some of the planned shipments cost, within the tolerance.

        Where nothing was planned to cost anything, the book may say that it is taken as charged.
        """
        if not any(load == load_id for load, _ in self._planned):
            return bool(book.freight.unexpected)
        planned = list(self._planned[load_id, kind].values())[:TOGETHER_MAX]
        sizes = range(1, len(planned) + 1)
        some = chain.from_iterable(combinations(planned, size) for size in sizes)
        (row,) = book.tolerances
        return any(_is_near(total, sum(each, Decimal()), len(each), row) for each in some)

    def disagrees(self, carrier: str, invoice_id: str) -> bool:
        """Tell whether all that was said of an invoice does not come to its total."""
        said = self._bills[carrier, invoice_id]
        return bool(said) and all(_summed(each) != _decimal(each["total"]) for each in said)

    def is_said(self, load_id: str, kind: str, amount: Decimal) -> bool:
        """Tell whether enough persons said that just this shall be paid, knowing what is billed."""
        voices: dict[object, set[str]] = defaultdict(set)
        for word in self._words(load_id):
            if word.charge and kind_of(word.charge) != kind:
                continue
            if _names(word, kind, amount):
                voices[word.verdict, word.amount].add(word.by)
        needed = 2 if abs(amount) > ALONE_UP_TO else 1
        return any(len(by) >= needed for by in voices.values())

    def releases(self, load_id: str) -> set[str]:
        """Name who said that orders of a load may be billed with what is known of its freight."""
        words = self._words(load_id)
        return {each.by for each in words if each.verdict is FreightVerdict.RELEASE}

    def _words(self, load_id: str) -> Iterator[Said]:
        return (each for each in self._witness.words if each.load_id == load_id)

    def deliveries(self, load_id: str) -> list[tuple[datetime, datetime]]:
        """List when deliveries of a load were told, and when they are said to have happened."""
        return [
            each
            for shipment, told in self._delivered.items()
            if self._load_of.get(shipment) == load_id
            for each in told
        ]


def _names(word: Said, kind: str, amount: Decimal) -> bool:
    """Tell whether a word agrees to an amount that its speaker had seen, or named."""
    if word.verdict in PRICED:
        return word.amount is not None and _main(word.amount) == amount
    seen = {_main(each) for name, each in word.seen.items() if kind_of(name) == kind}
    return word.verdict is FreightVerdict.APPROVE and amount in seen


def _main(amount: Money) -> Decimal:
    return Decimal(decimal_text(amount))


def _decimal(told: dict[str, str]) -> Decimal:
    return Decimal(told["amount"])


def _summed(event: dict[str, Any]) -> Decimal:
    amounts: Iterable[Decimal] = (_decimal(each["amount"]) for each in event["charges"])
    return sum(amounts, Decimal())


def _is_near(total: Decimal, planned: Decimal, shipments: int, row: ToleranceRow) -> bool:
    off, over = abs(total - planned), total > planned
    amount, per_cent = (
        (row.over_amount, row.over_per_cent) if over else (row.under_amount, row.under_per_cent)
    )
    return off <= Decimal(amount) * shipments and off * 100 <= Decimal(per_cent) * abs(planned)
