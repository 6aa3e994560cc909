"""The money an ERP keeps of freight: what stands accrued, which invoices are posted, who is billed.

The books know no idempotency key and no message: they post what they are told, by load and charge,
by invoice number, by order, and what they are told twice they post twice. Like any ERP they refuse
what no book can hold.

unbalanced       the orders' shares do not come to the amount
unknown_order    an order that this ERP never released
period_closed    a business date whose month is closed
not_accrued      an invoice that pays more than is accrued for its charges
unreadable       an amount or a date that is none
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.simulators.ledger import Ledger
from crossdock.simulators.partner import Asked, No

CLOSES_ON = 10  # a month is closed on this day of the next one


class Books:
    """The books of one ERP, kept in its ledger."""

    def __init__(self, ledger: Ledger, knows: Callable[[str], bool]) -> None:
        """Open them; `knows` tells whether this ERP released an order."""
        self._ledger = ledger
        self._knows = knows

    def accrue(self, told: Mapping[str, Any], now: datetime) -> None:
        """Book what an accrual moves: its amount less the amount before. Raises No."""
        amount, before = _amount(told["amount"]), _amount(told["before"])
        self._check(told, amount, now)
        name = f"{told['load_id']}/{told['charge']}"
        stands = Decimal(self._ledger.kept("accrued", name) or "0")
        self._ledger.keep("accrued", name, str(stands + amount - before))

    def post_invoice(self, told: Mapping[str, Any], now: datetime) -> None:
        """Post an invoice, which clears the accruals of its charges. Raises No."""
        payable = _amount(told["payable"])
        self._check(told, payable, now)
        standing = sum(
            Decimal(self._ledger.kept("accrued", f"{told['load_id']}/{charge}") or "0")
            for charge in told["charges"]
        )
        if payable > standing:
            said = f"{payable} is to be paid, and {standing} is accrued for these charges"
            raise No(422, "not_accrued", said)

    def release(self, told: Mapping[str, Any]) -> None:
        """Let an order be billed to its customer. Raises No."""
        _amount(told["freight"])
        self._check_orders([told["order_id"]])

    def _check(self, told: Mapping[str, Any], amount: Decimal, now: datetime) -> None:
        shares = told.get("shares") or ()
        self._check_orders(each["order_id"] for each in shares)
        if shares and sum(_amount(each["amount"]) for each in shares) != amount:
            raise No(422, "unbalanced", "the orders' shares do not come to the amount")
        try:
            day = date.fromisoformat(told["business_date"])
        except ValueError as error:
            raise No(422, "unreadable", "the business date is no date") from error
        if is_closed(day, now):
            raise No(422, "period_closed", f"{day:%Y-%m} is closed")

    def _check_orders(self, order_ids: Iterable[str]) -> None:
        for order_id in order_ids:
            if not self._knows(order_id):
                raise No(422, "unknown_order", f"there is no order {order_id}")


def is_closed(day: date, now: datetime) -> bool:
    """Tell whether the month of a day is closed by now."""
    months = (now.year - day.year) * 12 + now.month - day.month
    return months > 1 or (months == 1 and now.day >= CLOSES_ON)


def _amount(value: Any) -> Decimal:
    """Read an amount in the published words. Raises No."""
    try:
        return Decimal(value["amount"])
    except (InvalidOperation, TypeError, KeyError) as error:
        raise No(422, "unreadable", "an amount is a decimal text") from error


def asked_to_accrue(told: Mapping[str, Any]) -> Asked:
    """Name an accrual by load, charge and revision."""
    words = [told.get(word) for word in ("load_id", "charge", "revision")]
    return _asked("erp.accrue", "accrual", words, told)


def asked_to_post(told: Mapping[str, Any]) -> Asked:
    """Name an invoice's posting by carrier, number, revision, and the company whose part it is."""
    words = [told.get(word) for word in ("carrier_scac", "invoice_id", "revision")]
    words += [told["part"]] if told.get("part") else []
    return _asked("erp.post_freight_invoice", "freight_invoice", words, told)


def asked_to_release(told: Mapping[str, Any]) -> Asked:
    """Name a release by order, load and revision."""
    words = [told.get(word) for word in ("order_id", "load_id", "revision")]
    return _asked("erp.release_billing", "billing_release", words, told)


def _asked(verb: str, kind: str, words: list[Any], told: Mapping[str, Any]) -> Asked:
    return Asked(verb=verb, content_key="/".join([kind, *map(str, words)]), content=dict(told))
