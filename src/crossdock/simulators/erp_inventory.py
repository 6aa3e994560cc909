"""The stock an ERP has set aside, by order, and what of it has left with which shipment.

Kept in the ERP's ledger and keyed by order and shipment; it knows no idempotency key. What it is
told replaces what stood before, and like any ERP it refuses what no stock ledger can hold.

not_available    there is not enough of an item (the fault `sold_out`)
left_already     less would be set aside than has left
not_committed    more would have left than is set aside
incomplete       a line without its number, item or quantity
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.simulators.ledger import Ledger
from crossdock.simulators.mischief import Mischief
from crossdock.simulators.partner import Asked, No

COMMIT, REVERSE, CONFIRM = "erp.commit_inventory", "erp.reverse_inventory", "erp.confirm_inventory"
Counts = dict[str, Decimal]


class Stockroom:
    """The stock of one ERP."""

    def __init__(self, ledger: Ledger, mischief: Mischief) -> None:
        """Open it."""
        self._ledger = ledger
        self._mischief = mischief

    def commit(self, asked: Asked) -> None:
        """Set aside what is asked, in place of what stood before. Raises No."""
        times = self._ledger.count_asked(f"stock/{asked.content_key}")
        wanted = _lines(asked)
        if wanted and self._mischief.strikes("sold_out", asked.content_key, times):
            item, quantity = min(wanted.items())
            raise No(422, "not_available", f"0 of {quantity} available for {item}")
        self.reverse(asked)

    def reverse(self, asked: Asked) -> None:
        """Keep no more than what is told. Raises No."""
        order_id, wanted = asked.content["order_id"], _lines(asked)
        gone = total(self._confirmed(order_id).values())
        if short := _missing(gone, wanted):
            raise No(422, "left_already", f"{gone[short]} of {short} have left")
        self._ledger.keep("committed", order_id, _written(wanted))

    def confirm(self, asked: Asked) -> None:
        """Note what left with a shipment, in place of what was noted for it. Raises No."""
        order_id, shipment_id = asked.content["order_id"], asked.content["shipment_id"]
        confirmed = self._confirmed(order_id) | {shipment_id: _lines(asked)}
        committed = counted_of(self._ledger.kept("committed", order_id) or {})
        gone = total(confirmed.values())
        if short := _missing(gone, committed):
            said = f"{committed.get(short, Decimal(0))} of {short} are set aside"
            raise No(422, "not_committed", said)
        kept = {name: _written(counts) for name, counts in confirmed.items()}
        self._ledger.keep("confirmed", order_id, kept)

    def _confirmed(self, order_id: str) -> dict[str, Counts]:
        kept = self._ledger.kept("confirmed", order_id) or {}
        return {name: counted_of(counts) for name, counts in kept.items()}


def counted(lines: Iterable[Mapping[str, Any]]) -> Counts:
    """Count lines by line, item and unit. Raises No for a line that cannot be counted."""
    found: Counts = {}
    for each in lines:
        try:
            name = f"{each['line_id']}/{each['item_id']}/{each.get('unit', 'EA')}"
            found[name] = found.get(name, Decimal(0)) + Decimal(each["quantity"])
        except (KeyError, TypeError, InvalidOperation) as error:
            raise No(422, "incomplete", "a line has a line_id, an item_id, a quantity") from error
    return found


def total(each: Iterable[Counts]) -> Counts:
    """Add counts up; what comes to nothing is left out."""
    found: Counts = {}
    for counts in each:
        for name, value in counts.items():
            found[name] = found.get(name, Decimal(0)) + value
    return {name: value for name, value in found.items() if value}


def _lines(asked: Asked) -> Counts:
    if not isinstance(asked.content.get("lines"), list):
        raise No(422, "incomplete", "there are no lines")
    return counted(asked.content["lines"])


def counted_of(kept: Mapping[str, str]) -> Counts:
    """Read counts as the ledger keeps them."""
    return {name: Decimal(value) for name, value in kept.items()}


def _written(counts: Counts) -> dict[str, str]:
    return {name: str(value) for name, value in counts.items()}


def _missing(wanted: Counts, there: Counts) -> str:
    short = (name for name, value in sorted(wanted.items()) if value > there.get(name, 0))
    return next(short, "")


def asked_of_stock(verb: str, order_id: str, told: Mapping[str, Any]) -> Asked:
    """Name a request by what it is about: the order, the shipment where it left, the revision."""
    shipment = [told.get("shipment_id")] if verb == CONFIRM else []
    words = [verb.partition(".")[2], order_id, *shipment, told.get("revision")]
    return Asked(
        verb=verb, content_key="/".join(map(str, words)), content={**told, "order_id": order_id}
    )
