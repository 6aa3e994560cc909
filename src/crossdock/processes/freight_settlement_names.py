"""The names of a load's charges, by which books know them.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import count
from typing import Any

from crossdock.canonical.freight import ChargeKind
from crossdock.processes.freight_settlement_state import Accrued, whole_of


class Names:
    """The names of a load's charges: `STOP_OFF`, `STOP_OFF/2`.

    What was posted keeps its name, and no other charge ever has it: books know it by that.
    """

    def __init__(self, accrued: Mapping[str, Accrued]) -> None:
        """Begin with what was posted."""
        wholes = {name: whole_of(name, each) for name, each in accrued.items()}
        self._posted = {
            claim: wholes[name] for name, each in accrued.items() for claim in each.claims
        }
        self._known = {wholes[name] for name, each in accrued.items() if each.claims}
        self._taken: set[str] = set()

    def of_claim(self, kind: ChargeKind, identities: Iterable[str]) -> str:
        """Give a claimed charge the name it was posted by, else one that nothing has had."""
        for each in identities:
            name = self._posted.get(each, "")
            if name and name not in self._taken:
                return self._take(name)
        return self._next(kind, self._known | self._taken)

    def of_expected(self, kind: ChargeKind) -> str:
        """Name what nobody has claimed: as what was claimed before it, and is no more."""
        return self._next(kind, self._taken)

    def _next(self, kind: ChargeKind, others: Container[str]) -> str:
        names = (kind.value if number == 1 else f"{kind}/{number}" for number in count(1))
        return self._take(next(each for each in names if each not in others))

    def _take(self, name: str) -> str:
        self._taken.add(name)
        return name


def name_claims(older: dict[str, Any]) -> dict[str, Any]:
    """Lift a state of schema 1: tell what was posted for which charge of its invoice.

    Where an invoice has several charges of a kind nobody can tell; they are named in their order
    until they are posted again.
    """
    bills = older.get("bills", {})

    def told(name: str, accrued: dict[str, Any]) -> dict[str, Any]:
        document = f"{accrued.get('carrier_scac', '')}/{accrued.get('invoice_id', '')}"
        kind = name.partition("@")[0].partition("/")[0]
        counts = [
            sum(charge["kind"] == kind for charge in bill["invoice"].get("charges", ()))
            for bill in bills.get(document, ())
        ]
        return (
            {**accrued, "claims": [f"{document}/{kind}/1"]}
            if max(counts, default=0) == 1
            else accrued
        )

    accrued = older.get("accrued", {})
    return {**older, "accrued": {name: told(name, each) for name, each in accrued.items()}}
