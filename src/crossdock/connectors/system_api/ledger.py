"""A ledger's statement in the published words: all it holds of freight under one business date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from msgspec import Struct

from crossdock.connectors.system_api.parts import amount_of_money, scac
from crossdock.connectors.system_api.reading import Element, choose, coded, read_each, shaped
from crossdock.connectors.system_api.times import moment
from crossdock.connectors.system_api.words import Id, Text, Value, Words
from crossdock.messages.envelope import Report
from crossdock.messages.freight_reconciliation import LedgerLine, LedgerPosting
from crossdock.ports import Reading, Reported

# Source: docs/reference/system-api.md, "Ledger statements".
POSTINGS: dict[str, LedgerPosting] = {each.value: each for each in LedgerPosting}
EVENTS = {"ledger.statement": True}


class StatementLine(Words, frozen=True, kw_only=True):
    """One posting of the ledger: `charge` names an accrual's, `invoice_id` an invoice.

    `part` is the company code whose part of an invoice it is, where several share it.
    """

    posting: Id
    load_id: Text = ""
    charge: Text = ""
    invoice_id: Text = ""
    carrier_scac: Text = ""
    amount: Value
    document: Text = ""
    part: Text = ""


class StatementTold(Words, frozen=True, kw_only=True):
    """The statement; `occurred_at` is when it was drawn."""

    event_id: Id
    occurred_at: Id
    business_date: Id
    lines: tuple[StatementLine, ...] = ()


class Stated(Struct, frozen=True, kw_only=True):
    """A statement as it was read."""

    business_date: date
    as_of: datetime
    lines: tuple[LedgerLine, ...]


def statements(raw: bytes, time_zone: str, report: Callable[[Stated], Report]) -> Reading:
    """Read a document of statements; `report` writes what is read as the partner's own report.

    A statement is read whole or not at all: a line left out would be missed for ever. Raises
    Unreadable where the bytes are neither one JSON object nor an array.
    """

    def read_one(element: Element) -> Reported:
        choose(element, EVENTS)
        told = shaped(element, StatementTold)
        stated = Stated(
            business_date=_day(element, told.business_date),
            as_of=moment(element, told.occurred_at, "/occurred_at").at,
            lines=tuple(_line(element, each, f"/lines/{n}") for n, each in enumerate(told.lines)),
        )
        return Reported(identity=told.event_id, report=report(stated), where=element.where)

    return read_each(raw, time_zone, read_one)


def _line(element: Element, told: StatementLine, where: str) -> LedgerLine:
    return LedgerLine(
        posting=coded(element, POSTINGS, told.posting, f"{where}/posting"),
        load_id=told.load_id,
        carrier_scac=scac(element, told.carrier_scac, f"{where}/carrier_scac"),
        amount=amount_of_money(element, told.amount, f"{where}/amount"),
        charge=told.charge,
        invoice_id=told.invoice_id,
        document=told.document,
        part=told.part,
    )


def _day(element: Element, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        said = "This is not a date"
        raise element.refuse("NOT_A_TIME", said, "/business_date", text=text[:100]) from error
