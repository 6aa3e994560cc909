"""210 read: a carrier's bill, charge by charge, and where it does not agree with itself.

One set bills one shipment, which its head names. A parcel carrier's head names none: then each
package that the lines name is a bill of its own, `INV-7/1Z...`, and what is charged for no package
keeps the number of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from msgspec.structs import replace

from crossdock.canonical.freight import (
    ChargeBasis,
    ChargeKind,
    FreightCharge,
    FreightInvoice,
    InvoicePurpose,
)
from crossdock.canonical.identifiers import check_currency, check_scac
from crossdock.canonical.money import Money
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.zones import PlaceZone
from crossdock.connectors.x12_carrier.codes.charges import CORRECTIONS, KILOGRAMS, Correction
from crossdock.connectors.x12_carrier.codes.tenders import (
    CARRIER_ISSUED,
    PACKAGE_NUMBERS,
    REFERENCES,
)
from crossdock.connectors.x12_carrier.inbound import invoice_totals as totals
from crossdock.connectors.x12_carrier.inbound.amounts import KIND, in_currency
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.invoice_dates import days
from crossdock.connectors.x12_carrier.inbound.invoice_lines import (
    Line,
    Terms,
    charges,
    in_grams,
    kilograms,
)
from crossdock.connectors.x12_carrier.inbound.places import Party
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.formats.numbers import whole_number
from crossdock.messages.freight_settlement import FreightInvoiceReceived
from crossdock.ports import Reported

HEADS = frozenset({"B3", "C3", "ITD", "L3"})
LADEN = frozenset({"L0", "L1", "L5", "L7"})
SCAC, SCAC_SENDER = "2", "02"  # element 66, N1-03; element I05
# What a bill is found by, the surest first: a purchase order may travel on many loads.
NAMING = (
    ReferenceType.SHIPMENT,
    ReferenceType.LOAD,
    ReferenceType.DELIVERY,
    ReferenceType.BILL_OF_LADING,
    ReferenceType.PRO,
    ReferenceType.TRACKING,
    ReferenceType.BOOKING,
)


class Bill:
    """A 210, gathered segment by segment: head, numbers, parties, lines, foot."""

    def __init__(self) -> None:
        """Begin empty."""
        self.heads: dict[str, Row] = {}
        self.numbers: list[tuple[str, str]] = []
        self.dates: dict[str, Row] = {}
        self.parties: list[Party] = []
        self.lines: list[Line] = []
        self.stops = 0
        self.carrier = ""

    def take(self, row: Row) -> None:
        """Take the next segment of the set."""
        if row.tag in HEADS:
            self.heads.setdefault(row.tag, row)
        elif row.tag == "LX":
            self.lines.append(Line(row[1] or str(len(self.lines) + 1), row))
        elif self.lines or row.tag in LADEN:
            self._line_of(row).take(row)
        elif row.tag == "S5":
            self.stops += 1
        else:
            self._take_head(row)

    def _line_of(self, row: Row) -> Line:
        """Find the line of a segment; some leave LX out and number L1 alone."""
        last = self.lines[-1] if self.lines else None
        begins = row.tag in LADEN and bool(row[1])
        if last is None or (last.head is None and begins and row[1] != last.number):
            last = Line(row[1] or "1", None)
            self.lines.append(last)
        return last

    def _take_head(self, row: Row) -> None:
        match row.tag:
            case "N9" if row[2]:
                self.numbers.append((row[1], row[2]))
            case "L11" if row[1]:
                self.numbers.append((row[2], row[1]))
            case "OID" if row[2]:
                self.numbers.append(("PO", row[2]))
            case "G62" if not self.stops:
                self.dates.setdefault(row[1], row)
            case "N1" if not self.stops:
                self.parties.append(Party(row))
                if row[1] == "CA" and row[3] == SCAC:
                    self.carrier = row[4]
            case _ if self.parties and not self.stops:
                self.parties[-1].take(row)
            case _:
                pass

    def zone(self, roles: frozenset[str]) -> PlaceZone | None:
        """Find the zone of the first party in one of these roles."""
        zones = (party.zone() for party in self.parties if party.role in roles)
        return next((zone for zone in zones if zone is not None), None)


def invoice(context: SetContext) -> Iterator[Reported]:
    """Read a 210: one bill, or one for each package where its head names no shipment."""
    bill = Bill()
    for row in context.rows():
        bill.take(row)
    b3 = bill.heads.get("B3")
    if b3 is None or not b3[2]:
        said = "This bill has no number: B3-02 is empty"
        context.notice("NO_INVOICE_NUMBER", said, b3, 0, "lost")
        return
    terms = Terms(currency=_currency(context, bill, b3), weight_unit=_unit(context, bill, b3))
    charged = [(line, tuple(charges(context, line, terms))) for line in bill.lines]
    whole = _whole(context, bill, terms, tuple(each for _, some in charged for each in some))
    if whole is None:
        return
    said = "\x1f".join((*context.texts[1:-1], whole.issued.text))
    digest = blake2b(said.encode("utf-8", "replace"), digest_size=10)
    for each, where in _apart(context, bill, whole, charged):
        yield Reported(
            identity=f"210/{each.carrier_scac}/{each.invoice_id}/{digest.hexdigest()}",
            report=FreightInvoiceReceived(invoice=each),
            where=where,
        )


def _whole(
    context: SetContext, bill: Bill, terms: Terms, billed: tuple[FreightCharge, ...]
) -> FreightInvoice | None:
    """Read the set as one bill; None where it says no amount, or no day."""
    b3, l3 = bill.heads["B3"], bill.heads.get("L3")
    due, summed = totals.due(context, b3), totals.charged(context, l3)
    totals.check(context, terms, totals.Sums(billed, due, l3, summed))
    told = due or summed
    total = _total(context, terms, billed, told)
    if total is None:
        context.notice("NO_TOTAL", "This bill says no amount", b3, totals.DUE, "lost")
        return None
    if told is not None and not billed:
        billed = (_only(context, total, told),)
    correction = _correction(context, b3, terms)
    scac = _carrier(context, bill, b3)
    numbers = _references(bill, b3, scac)
    naming = _naming(numbers) or Reference(type=ReferenceType.PRO, value=b3[2], issuer=scac)
    dated = days(context, bill.heads, bill.dates, bill.zone)
    if dated is None:
        return None
    return FreightInvoice(
        invoice_id=f"{b3[2]}/{b3[8]}" if correction.more else b3[2],
        carrier_scac=scac,
        issued=dated.issued,
        charges=billed,
        total=total,
        purpose=correction.purpose,
        reference=naming,
        references=tuple(each for each in numbers if each != naming),
        weight_kg=in_grams(kilograms(l3[1], l3[12] or terms.weight_unit)) if l3 else None,
        pieces=whole_number(l3[11]) if l3 else None,
        stops=bill.stops or None,
        due=dated.due,
        shipped=dated.shipped,
        delivered=dated.delivered,
        disagreements=tuple(terms.disagreements),
    )


def _currency(context: SetContext, bill: Bill, b3: Row) -> str:
    """Tell the currency: that of C3, else the one of the profile."""
    c3 = bill.heads.get("C3")
    if c3 is not None and c3[1]:
        context.check(check_currency(c3[1], context.where(c3, 1)), c3)
        return c3[1]
    said = "The bill names no currency; that of the partner's profile was taken"
    currency = context.settings.currency
    context.notice("CURRENCY_FROM_PROFILE", said, b3, 0, KIND, currency=currency)
    return currency


def _unit(context: SetContext, bill: Bill, b3: Row) -> str:
    """Tell the unit of weights that name none: that of the foot or head, else the profile's."""
    l3 = bill.heads.get("L3")
    for unit in (l3[12] if l3 else "", b3[5]):
        if unit in KILOGRAMS:
            return unit
    weighed = (row for line in bill.lines for _, own, row in line.weights if not own)
    row = next(weighed, l3 if l3 and l3[1] else None)
    if row is not None:
        said = "The bill names no unit of weight; that of the partner's profile was taken"
        unit = context.settings.weight_unit
        context.notice("WEIGHT_UNIT_FROM_PROFILE", said, row, 0, KIND, unit=unit)
    return context.settings.weight_unit


def _total(
    context: SetContext, terms: Terms, billed: Sequence[FreightCharge], told: totals.Told | None
) -> Money | None:
    """Make money of what is due; where nobody says it, add the charges up."""
    if told is not None:
        return in_currency(context, told.value, terms.currency, told.row, told.number)
    return _sum(billed, terms.currency) if billed else None


def _sum(billed: Iterable[FreightCharge], currency: str) -> Money:
    """Add the charges of one currency up; of others it was told that nobody can."""
    amounts = (each.amount for each in billed)
    summed = sum(amount.minor for amount in amounts if amount.currency == currency)
    return Money(minor=summed, currency=currency)


def _only(context: SetContext, total: Money, told: totals.Told) -> FreightCharge:
    """Make one charge of a bill without lines: the whole price, whatever it is made of."""
    said = "This bill has no lines; its total was read as one charge"
    context.notice("NO_CHARGE_LINES", said, told.row, told.number, KIND)
    return FreightCharge(
        charge_id="total",
        load_id="",
        code="",
        amount=total,
        basis=ChargeBasis.INVOICE,
        kind=ChargeKind.ALL_IN,
        evidence=(context.shown(told.row),),
    )


def _correction(context: SetContext, b3: Row, terms: Terms) -> Correction:
    """Tell what the bill says of an earlier one (B3-08)."""
    code = b3[8]
    found = CORRECTIONS.get(code)
    if found is None:
        said = "The list of corrections (B3-08) lacks this code; read as a bill of its own"
        context.notice("UNKNOWN_CORRECTION", said, b3, 8, "code", sent=code)
        terms.disagreements.append(f"{said}: {code}")
        return Correction(InvoicePurpose.ORIGINAL)
    if found.more:
        said = f"This bills more on top of an earlier bill of this number (B3-08 {code})"
        context.notice("BALANCE_DUE", said, b3, 8, KIND, sent=code)
        terms.disagreements.append(said)
    return found


def _carrier(context: SetContext, bill: Bill, b3: Row) -> str:
    """Tell who bills: B3-11, else the carrier of an N1, else who wrote the interchange."""
    if b3[11]:
        context.check(check_scac(b3[11], context.where(b3, 11)), b3)
        return b3[11]
    wrote = context.group.interchange
    by_scac = wrote.sender if wrote.sender_qualifier == SCAC_SENDER else ""
    profile = context.settings
    partner = profile.partner_id if profile.partner_qualifier == SCAC_SENDER else ""
    carrier = bill.carrier or by_scac or partner
    said = "B3-11 names no carrier; who else is named was taken"
    context.notice("CARRIER_ELSEWHERE", said, b3, 11, KIND, taken=carrier)
    return carrier


def _references(bill: Bill, b3: Row, scac: str) -> tuple[Reference, ...]:
    """Give the numbers of the bill's head: its shipment, then all that N9 and L11 tell."""
    shipment = [Reference(type=ReferenceType.SHIPMENT, value=b3[3])] if b3[3] else []
    told = (_reference(kind, value, scac) for kind, value in bill.numbers if kind in REFERENCES)
    return tuple(dict.fromkeys((*shipment, *told)))


def _reference(qualifier: str, value: str, scac: str) -> Reference:
    kind = REFERENCES[qualifier]
    return Reference(type=kind, value=value, issuer=scac if kind in CARRIER_ISSUED else "")


def _naming(numbers: Sequence[Reference]) -> Reference | None:
    """Choose the number that a bill is found by."""
    of_kind = {each.type: each for each in reversed(numbers)}
    return next((of_kind[kind] for kind in NAMING if kind in of_kind), None)


def _apart(
    context: SetContext,
    bill: Bill,
    whole: FreightInvoice,
    charged: Sequence[tuple[Line, tuple[FreightCharge, ...]]],
) -> Iterator[tuple[FreightInvoice, str]]:
    """Take a bill apart by package where its head names no shipment and its lines do."""
    b3 = bill.heads["B3"]
    packages: dict[str, list[tuple[Line, tuple[FreightCharge, ...]]]] = {}
    for line, some in charged:
        if some:
            packages.setdefault(line.named(PACKAGE_NUMBERS), []).append((line, some))
    if _naming(_references(bill, b3, whole.carrier_scac)) or not any(packages):
        numbers = (number for line in bill.lines for number in line.numbers)
        more = (_reference(*each, whole.carrier_scac) for each in numbers if each[0] in REFERENCES)
        told = dict.fromkeys((*whole.references, *more))
        others = tuple(each for each in told if each != whole.reference)
        yield replace(whole, references=others), context.where()
        return
    for number, lines in packages.items():
        yield _package(whole, number, lines), context.where(lines[0][0].head)


def _package(
    whole: FreightInvoice, number: str, lines: Sequence[tuple[Line, tuple[FreightCharge, ...]]]
) -> FreightInvoice:
    """Bill what is charged for one package, or for none of them."""
    billed = tuple(each for _, some in lines for each in some)
    scac = whole.carrier_scac
    counted = [count for line, _ in lines if (count := line.pieces()) is not None]
    tracked = Reference(type=ReferenceType.TRACKING, value=number, issuer=scac)
    naming = tracked if number else whole.reference
    others = (
        _reference(kind, value, scac)
        for line, _ in lines
        for kind, value in line.numbers
        if kind in REFERENCES
    )
    return replace(
        whole,
        invoice_id=f"{whole.invoice_id}/{number}" if number else whole.invoice_id,
        charges=billed,
        total=_sum(billed, whole.total.currency),
        reference=naming,
        references=tuple(
            each for each in dict.fromkeys((*others, *whole.references)) if each != naming
        ),
        pieces=sum(counted) if counted else None,
        weight_kg=None,
    )
