"""Files, read: orders, of which one row is one line, and statements of the ledger.

The rows of one order stand together. A row that cannot be read costs its own order and no other:
half an order is none. It costs the whole statement: what is left out would be missed for ever.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby

from crossdock.canonical.identifiers import check_country, check_currency
from crossdock.canonical.item import Quantity
from crossdock.canonical.moments import Moment, ZoneSource, local_day, zone_named
from crossdock.canonical.money import Money, money
from crossdock.canonical.order import OrderDraft, OrderLineDraft
from crossdock.canonical.party import Address, Location
from crossdock.connectors.csv_orders.codes import ACTIONS, POSTINGS
from crossdock.connectors.csv_orders.settings import Settings
from crossdock.connectors.csv_orders.wire import (
    HEAD_COLUMNS,
    ORDER_COLUMNS,
    STATEMENT_COLUMNS,
)
from crossdock.faults import Finding, Unreadable
from crossdock.formats import csv
from crossdock.formats.numbers import exact_text, plain_decimal, whole_number
from crossdock.messages.envelope import Report
from crossdock.messages.freight_reconciliation import LedgerLine, LedgerStatementReceived
from crossdock.messages.order_release import OrderCancelled, OrderReleased
from crossdock.ports import Reading, Reported

NAME = "csv_orders"
_DAY = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})", re.ASCII)


def orders(raw: bytes, settings: Settings) -> Reading:
    """Read an order file. Raises Unreadable where it is no table with the agreed columns."""
    dialect = csv.Dialect(delimiter=settings.delimiter, encoding=settings.encoding)
    table = csv.read(raw, ORDER_COLUMNS, dialect)
    groups = [(name, list(rows)) for name, rows in groupby(table.rows, _name)]
    said = Counter(name for name, _ in {(name, _identity(rows)) for name, rows in groups})
    lost = _Lost(table.bad)
    reports: list[Reported] = []
    noticed = [each.finding for each in table.bad]
    for name, rows in groups:
        try:
            _refuse_half(rows, lost, together=said[name] == 1)
            report, notes = _report(rows, settings)
        except Unreadable as fault:
            noticed.append(_finding(fault))
        else:
            where = f"line {rows[0].line}"
            reports.append(Reported(identity=_identity(rows), report=report, where=where))
            noticed += notes
    return Reading(reports=tuple(reports), findings=tuple(noticed))


class _Lost:
    """The lines that cannot be read, and which orders they belonged to."""

    def __init__(self, bad: tuple[csv.BadRow, ...]) -> None:
        """Take the lines in the order of the file."""
        self.lines = [each.line for each in bad]
        self.orders = {each.guess.get("order_no", "") for each in bad}

    def one_of(self, rows: list[csv.Row]) -> bool:
        """Tell whether a line of this order is lost: it bears its number or stands inside."""
        after_first = bisect_right(self.lines, rows[0].line)
        before_last = bisect_left(self.lines, rows[-1].line)
        return after_first < before_last or rows[0].cells["order_no"] in self.orders


def _name(row: csv.Row) -> tuple[str, str, str]:
    """Name what makes rows one order: its number, its version and what to do."""
    return row.cells["order_no"], row.cells["order_version"], row.cells["action"]


def _identity(rows: list[csv.Row]) -> str:
    """Name what was said: the order, its version, what to do, and a hash of all its rows."""
    said = "\n".join("\x1f".join(row.cells[each] for each in ORDER_COLUMNS) for row in rows)
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return "/".join((*_name(rows[0]), digest))


def _bad(row: csv.Row, code: str, said: str, **seen: str) -> Unreadable:
    if "order_no" in row.cells:
        seen = {"order_no": row.cells["order_no"], **seen}
    return Unreadable(said, code=code, where=f"line {row.line}", **seen)


def _finding(fault: Unreadable) -> Finding:
    seen = dict(fault.seen)
    code, where = seen.pop("code"), seen.pop("where")
    return Finding(code=code, said=fault.said, where=where, seen=seen)


def _refuse_half(rows: list[csv.Row], lost: _Lost, *, together: bool) -> None:
    """Refuse an order of which a row cannot be read, is elsewhere, or says otherwise."""
    first = rows[0]
    if lost.one_of(rows):
        raise _bad(first, "ROW_LOST", "A row of this order cannot be read, so all of it waits")
    if not together:
        raise _bad(first, "ROWS_APART", "The rows of this order do not stand together")
    for row in rows[1:]:
        for column in HEAD_COLUMNS:
            if row.cells[column] != first.cells[column]:
                said = "The rows of this order contradict each other"
                raise _bad(row, "ROWS_DISAGREE", said, column=column, text=row.cells[column])


def _report(rows: list[csv.Row], settings: Settings) -> tuple[Report, list[Finding]]:
    head = rows[0]
    order_no, version, action = _name(head)
    number = whole_number(version)
    if not order_no or number is None or number < 0:
        raise _bad(head, "BAD_VALUE", "An order needs a number and a version", text=version)
    if action not in ACTIONS:
        raise _bad(head, "UNKNOWN_ACTION", "The list of actions does not have this", text=action)
    if not ACTIONS[action]:
        return OrderCancelled(order_id=order_no, version=number), []
    notes: list[Finding] = []
    draft = OrderDraft(
        order_id=order_no,
        version=number,
        customer_id=head.cells["customer_no"] or None,
        ship_from=_place(head, "ship_from", notes),
        ship_to=_place(head, "ship_to", notes),
        lines=tuple(_line(row, notes) for row in rows),
        requested_delivery=_requested(head, settings.time_zone, notes),
        customer_reference=head.cells["customer_po"],
        company_code=head.cells["company"],
    )
    return OrderReleased(draft=draft), notes


def _place(row: csv.Row, prefix: str, notes: list[Finding]) -> Location | None:
    def said(name: str) -> str:
        return row.cells.get(f"{prefix}_{name}", "")

    country, city, postal_code, street = said("country"), said("city"), said("zip"), said("street")
    if not any((said("id"), said("name"), country, city, postal_code, street)):
        return None
    if country and (odd := check_country(country, f"line {row.line}")):
        notes.append(odd)
    address = Address(
        country=country,
        city=city,
        postal_code=postal_code,
        lines=(street,) if street else (),
    )
    told = any((country, city, postal_code, street))
    return Location(location_id=said("id"), name=said("name"), address=address if told else None)


def _line(row: csv.Row, notes: list[Finding]) -> OrderLineDraft:
    if not row.cells["line_no"]:
        raise _bad(row, "BAD_VALUE", "An order line needs a number", column="line_no")
    quantity = _decimal(row, "qty")
    return OrderLineDraft(
        line_id=row.cells["line_no"],
        item_id=row.cells["item_no"] or None,
        quantity=None
        if quantity is None
        else Quantity(value=quantity, unit=row.cells["uom"] or "EA"),
        weight_kg=_decimal(row, "weight_kg"),
        value=_money(row, "value", notes),
    )


def _decimal(row: csv.Row, column: str) -> Decimal | None:
    text = row.cells[column]
    if not text:
        return None
    number = plain_decimal(text, comma=True)
    if number is None:
        raise _bad(row, "BAD_VALUE", "This is not a plain decimal", column=column, text=text[:100])
    return number


def _money(row: csv.Row, column: str, notes: list[Finding]) -> Money | None:
    number = _decimal(row, column)
    if number is None:
        return None
    currency = row.cells["currency"]
    if not currency:
        raise _bad(row, "BAD_VALUE", "An amount needs a currency", column="currency")
    if odd := check_currency(currency, f"line {row.line}"):
        notes.append(odd)
    try:
        return money(exact_text(number), currency)
    except Unreadable as fault:
        raise _bad(row, "BAD_VALUE", fault.said, column=column, **fault.seen) from fault


def _requested(row: csv.Row, zone: str, notes: list[Finding]) -> Moment | None:
    text = row.cells["req_date"]
    if not text:
        return None
    found = _DAY.fullmatch(text)
    try:
        day = date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _bad(row, "BAD_VALUE", "This is not a day", column="req_date", text=text[:100])
    if zone and zone_named(zone) is not None:
        return local_day(day, zone, ZoneSource.SETTING, text=text)
    said = "Nobody said which zone this day is in; UTC was taken"
    notes.append(_finding(_bad(row, "NO_TIME_ZONE", said, column="req_date")))
    return local_day(day, "UTC", ZoneSource.ASSUMED, text=text)


def statement(raw: bytes, settings: Settings) -> Reading:
    """Read all that the ledger holds of freight under one business date: one file, one statement.

    Raises Unreadable for a file of which a row cannot be read, or is of another statement.
    """
    dialect = csv.Dialect(delimiter=settings.delimiter, encoding=settings.encoding)
    table = csv.read(raw, STATEMENT_COLUMNS, dialect)
    if table.bad:
        bad = table.bad[0].finding
        raise Unreadable(bad.said, code=bad.code, where=bad.where, **bad.seen)
    heads = {(row.cells["business_date"], row.cells["drawn_at"]) for row in table.rows}
    if len(heads) != 1:
        raise Unreadable("A file holds one statement, of one date and drawn once", code="BAD_FILE")
    ((day, drawn_at),) = heads
    notes: list[Finding] = []
    report = LedgerStatementReceived(
        ledger=settings.partner or NAME,
        role="erp",
        business_date=_iso_day(table.rows[0], day),
        as_of=_drawn_at(table.rows[0], drawn_at),
        lines=tuple(line for row in table.rows for line in _posting(row, notes)),
    )
    reported = Reported(identity=f"statement/{day}/{drawn_at}", report=report, where="line 2")
    return Reading(reports=(reported,), findings=tuple(notes))


def _posting(row: csv.Row, notes: list[Finding]) -> Iterator[LedgerLine]:
    """Read a row of a statement; one without a posting is none."""
    code = row.cells["posting"]
    if code not in POSTINGS:
        raise _bad(row, "UNKNOWN_POSTING", "The list of postings does not have this", text=code)
    posting = POSTINGS[code]
    if posting is None:
        return
    amount = _money(row, "amount", notes)
    if amount is None:
        raise _bad(row, "BAD_VALUE", "A posting needs an amount", column="amount")
    yield LedgerLine(
        posting=posting,
        load_id=row.cells["load_id"],
        charge=row.cells["charge"],
        invoice_id=row.cells["invoice_no"],
        part=row.cells["part"],
        carrier_scac=row.cells["carrier_scac"],
        amount=amount,
        document=row.cells["document_no"],
    )


def _iso_day(row: csv.Row, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        said = "This is not a date, as 2026-03-29"
        raise _bad(row, "BAD_VALUE", said, column="business_date", text=text[:100]) from error


def _drawn_at(row: csv.Row, text: str) -> datetime:
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    said = "This is not a time with its offset, as 2026-03-30T00:00:00+02:00"
    raise _bad(row, "BAD_VALUE", said, column="drawn_at", text=text[:100])
