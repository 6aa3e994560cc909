"""A ledger's statement in the published words: all it holds of freight under one business date."""

from __future__ import annotations

from datetime import date, datetime

from crossdock.connectors.system_api.parts import amount_of_money, scac
from crossdock.connectors.system_api.reading import Element, coded
from crossdock.connectors.system_api.times import moment
from crossdock.connectors.system_api.words import Id, Text, Value, Words
from crossdock.messages.freight_reconciliation import LedgerLine, LedgerPosting

# Source: docs/reference/system-api.md, "Ledger statements".
POSTINGS: dict[str, LedgerPosting] = {each.value: each for each in LedgerPosting}
EVENTS = {"ledger.statement": True}


class StatementLine(Words, frozen=True, kw_only=True):
    """One posting of the ledger: `charge` names an accrual's, `invoice_id` an invoice."""

    posting: Id
    load_id: Text = ""
    charge: Text = ""
    invoice_id: Text = ""
    carrier_scac: Text = ""
    amount: Value
    document: Text = ""


class StatementTold(Words, frozen=True, kw_only=True):
    """The statement; `occurred_at` is when it was drawn."""

    event_id: Id
    occurred_at: Id
    business_date: Id
    lines: tuple[StatementLine, ...] = ()


def lines_of(element: Element, told: StatementTold) -> tuple[LedgerLine, ...]:
    """Read the statement whole or not at all: a line left out would be missed for ever.

    Raises Unreadable for a line that cannot be read.
    """
    return tuple(_line(element, each, f"/lines/{at}") for at, each in enumerate(told.lines))


def _line(element: Element, told: StatementLine, where: str) -> LedgerLine:
    return LedgerLine(
        posting=coded(element, POSTINGS, told.posting, f"{where}/posting"),
        load_id=told.load_id,
        carrier_scac=scac(element, told.carrier_scac, f"{where}/carrier_scac"),
        amount=amount_of_money(element, told.amount, f"{where}/amount"),
        charge=told.charge,
        invoice_id=told.invoice_id,
        document=told.document,
    )


def day_of(element: Element, told: StatementTold) -> date:
    """Read the business date. Raises Unreadable for what is none."""
    try:
        return date.fromisoformat(told.business_date)
    except ValueError as error:
        said = "This is not a date"
        text = told.business_date[:100]
        raise element.refuse("NOT_A_TIME", said, "/business_date", text=text) from error


def drawn_at(element: Element, told: StatementTold) -> datetime:
    """Read when the statement was drawn. Raises Unreadable for no time."""
    return moment(element, told.occurred_at, "/occurred_at").at
