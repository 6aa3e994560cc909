"""204 and 990 read: a load offered to a carrier or to us, and what a carrier answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from crossdock.canonical.freight import ChargeBasis, ChargeKind, FreightCharge
from crossdock.canonical.identifiers import check_scac
from crossdock.canonical.moments import Moment, end_of
from crossdock.canonical.money import Money, money
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Mode, Shipment, Stop, StopRole
from crossdock.connectors.x12_carrier.codes.tenders import (
    ANSWERS,
    CARRIER_NUMBER,
    EARLIEST,
    LATEST,
    PLANNED,
    PURPOSES,
    REFERENCES,
    RESPOND_BY,
    STOP_PARTIES,
    STOP_ROLES,
    TenderAnswer,
)
from crossdock.connectors.x12_carrier.inbound.amounts import in_currency
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.invoice_totals import charged
from crossdock.connectors.x12_carrier.inbound.places import Party
from crossdock.connectors.x12_carrier.inbound.times import moment_in_window
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.faults import Unreadable
from crossdock.formats.numbers import plain_decimal
from crossdock.messages.load_acceptance import LoadOffered
from crossdock.messages.order_release import (
    CounterOffer,
    LoadTendered,
    TenderAnswered,
    TenderPurpose,
)
from crossdock.ports import Reported


class Halt:
    """One S5 loop: a stop, with its dates, numbers and party."""

    def __init__(self, s5: Row) -> None:
        """Take S5."""
        self.s5 = s5
        self.dates: dict[str, Row] = {}
        self.numbers: list[tuple[str, str]] = []
        self.parties: list[Party] = []

    def take(self, row: Row) -> None:
        """Take one segment of the loop."""
        match row.tag:
            case "G62":
                self.dates.setdefault(row[1], row)
            case "L11" if row[1]:
                self.numbers.append((row[2], row[1]))
            case "OID":
                self.numbers += [("PO", row[2])] if row[2] else []
            case "N1" if row[1] in STOP_PARTIES:
                self.parties.append(Party(row))
            case _ if self.parties:
                self.parties[-1].take(row)
            case _:
                pass

    def place(self) -> Location:
        """Give the place of the stop; of several parties the first."""
        return self.parties[0].location() if self.parties else Location()

    def moment(self, context: SetContext, qualifiers: tuple[str, ...]) -> Moment | None:
        """Read the first of these dates that the stop has."""
        zone = self.parties[0].zone() if self.parties else None
        row = next((self.dates[each] for each in qualifiers if each in self.dates), None)
        return None if row is None else moment_in_window(context, row, zone)


def tender(context: SetContext) -> Iterator[Reported]:
    """Read a 204: a TMS offered a load to the carrier itself, changed the offer or took it back."""
    heads: dict[str, Row] = {}
    numbers: list[tuple[str, str]] = []
    halts: list[Halt] = []
    respond_by: Row | None = None
    for row in context.rows():
        if row.tag == "S5":
            halts.append(Halt(row))
        elif halts and row.tag != "L3":
            halts[-1].take(row)
        elif row.tag == "L11" and row[1]:
            numbers.append((row[2], row[1]))
        elif row.tag == "G62" and row[1] == RESPOND_BY:
            respond_by = row
        else:
            heads.setdefault(row.tag, row)
    b2, b2a = heads.get("B2"), heads.get("B2A")
    if b2 is None or not b2[4]:
        _lost(context, b2, "NO_SHIPMENT_NUMBER", "This offer names no load: B2-04 is empty")
        return
    purpose = PURPOSES.get(b2a[1] if b2a else "")
    if purpose is None:
        _lost(context, b2a or b2, "UNKNOWN_CODE", "The list of purposes (B2A-01) lacks this code")
        return
    for halt in halts:
        numbers += halt.numbers
    shipment = _shipment(context, b2, halts, numbers)
    price = _price(context, heads.get("L3"), shipment)
    shipment = replace(shipment, charges=(price,) if price else ())
    identity, revision = _identity(context, "204", b2[4]), _revision(context, b2[4])
    if _is_for_us(context, b2):
        report: LoadOffered | LoadTendered = _offered(
            context, shipment, purpose, revision, respond_by
        )
    else:
        report = LoadTendered(shipment=shipment, purpose=purpose, revision=revision)
    yield Reported(identity=identity, report=report, where=context.where())


def _is_for_us(context: SetContext, b2: Row) -> bool:
    """Tell whether we are the carrier that is asked: by our SCAC, or by none at all."""
    own = context.settings.own_scac
    return bool(own) and b2[2] in {"", own}


def _offered(
    context: SetContext,
    shipment: Shipment,
    purpose: TenderPurpose,
    revision: int,
    respond_by: Row | None,
) -> LoadOffered:
    """Tell of a load that is offered to us; two customers may count alike, so it bears both names.

    The customer's own number stays among its numbers: by it carriers may speak of the load.
    """
    partner = context.document.source
    number = Reference(type=ReferenceType.SHIPMENT, value=shipment.shipment_id)
    until = None if respond_by is None else moment_in_window(context, respond_by, None)
    return LoadOffered(
        offered_by=partner,
        customer_id=context.settings.customer_id or partner,
        offered_as=shipment.shipment_id,
        shipment=replace(
            shipment,
            shipment_id=f"{partner}.{shipment.shipment_id}",
            load_id=f"{partner}.{shipment.load_id}",
            carrier_scac=shipment.carrier_scac or context.settings.own_scac,
            references=(number, *shipment.references),
        ),
        purpose=purpose,
        revision=revision,
        respond_by=end_of(until) if until else None,
        confirm=bool(context.settings.cancellation_answer),
        answer_currency=context.settings.currency,
    )


def _shipment(
    context: SetContext, b2: Row, halts: list[Halt], numbers: list[tuple[str, str]]
) -> Shipment:
    carrier = b2[2]
    if carrier:
        context.check(check_scac(carrier, context.where(b2, 2)), b2)
    orders = (value for kind, value in numbers if kind == context.settings.order_qualifier)
    loads = (value for kind, value in numbers if kind == "LO")
    return Shipment(
        shipment_id=b2[4],
        load_id=next(loads, b2[4]),
        mode=Mode.ROAD,
        carrier_scac=carrier,
        service_level="",
        stops=tuple(_stop(context, number, halt) for number, halt in enumerate(halts, 1)),
        order_ids=tuple(dict.fromkeys(orders)),
        references=tuple(
            dict.fromkeys(
                Reference(
                    type=REFERENCES[kind],
                    value=value,
                    issuer=carrier if REFERENCES[kind] is ReferenceType.PRO else "",
                )
                for kind, value in numbers
                if kind in REFERENCES
            )
        ),
    )


def _price(context: SetContext, l3: Row | None, shipment: Shipment) -> FreightCharge | None:
    """Read what is offered for the whole load (L3-05, else a flat rate); None where nothing is."""
    offered = None if l3 is None else charged(context, l3)
    if offered is None:
        return None
    currency = context.settings.currency
    amount = in_currency(context, offered.value, currency, offered.row, offered.number)
    if amount is None:
        return None
    return FreightCharge(
        charge_id="total",
        load_id=shipment.load_id,
        code="",
        amount=amount,
        basis=ChargeBasis.TENDER,
        shipment_id=shipment.shipment_id,
        kind=ChargeKind.ALL_IN,
        evidence=(context.shown(offered.row),),
    )


def _stop(context: SetContext, number: int, halt: Halt) -> Stop:
    code = halt.s5[2]
    if code not in STOP_ROLES:
        said = "The list of stop reasons (S5-02) lacks this code; the stop is read as a transfer"
        context.notice("UNKNOWN_STOP_REASON", said, halt.s5, 2, "code", sent=code)
    sequence = int(halt.s5[1]) if halt.s5[1].isdecimal() else number
    return Stop(
        sequence=sequence,
        role=STOP_ROLES.get(code, StopRole.TRANSFER),
        place=halt.place(),
        planned=halt.moment(context, (*PLANNED, *EARLIEST)),
        promised=halt.moment(context, LATEST),
    )


def answer(context: SetContext) -> Iterator[Reported]:
    """Read a 990: the carrier takes the load, does not, or would on other terms."""
    found: dict[str, list[Row]] = {}
    for row in context.rows():
        found.setdefault(row.tag, []).append(row)
    b1 = next(iter(found.get("B1", ())), None)
    if b1 is None or not b1[2]:
        _lost(context, b1, "NO_SHIPMENT_NUMBER", "This answer names no load: B1-02 is empty")
        return
    code = b1[4]
    override = context.settings.answers.get(code)
    verdict = TenderAnswer(override) if override else ANSWERS.get(code)
    if verdict is None:
        said = "This answer to an offer decides nothing"
        if code not in ANSWERS:
            said = "The list of answers to an offer (B1-04) lacks this code"
        context.notice("UNKNOWN_TENDER_ANSWER", said, b1, 4, "code", sent=code)
        return
    countered = verdict is TenderAnswer.COUNTERED
    report = TenderAnswered(
        shipment_id=b1[2],
        carrier_scac=b1[1],
        accepted=verdict is TenderAnswer.ACCEPTED,
        tender_version=0,
        reason=_why(b1, found),
        counter=_counter(context, found) if countered else None,
        reference=Reference(type=ReferenceType.SHIPMENT, value=b1[2]),
        carrier_reference=next(
            (row[2] for row in found.get("N9", ()) if row[1] == CARRIER_NUMBER), ""
        ),
        answered_at=_answered_at(context),
        revision=_revision(context, b1[2]),
    )
    yield Reported(identity=_identity(context, "990", b1[2]), report=report, where=context.where())


def _why(b1: Row, found: dict[str, list[Row]]) -> str:
    """Gather the reason a carrier gives: B1-06 (005010), V9 and remarks."""
    events = (" ".join(filter(None, (row[1], row[2], row[8]))) for row in found.get("V9", ()))
    return "; ".join(filter(None, (b1[6], *events, *_remarks(found))))


def _remarks(found: dict[str, list[Row]]) -> list[str]:
    return [" ".join(filter(None, (row[1], row[2]))) for row in found.get("K1", ())]


def _counter(context: SetContext, found: dict[str, list[Row]]) -> CounterOffer:
    dates = {row[1]: row for row in found.get("G62", ())}
    pickup = next((dates[each] for each in ("69", "10", "37", "86") if each in dates), None)
    delivery = next((dates[each] for each in ("70", "02", "68", "53") if each in dates), None)
    return CounterOffer(
        note="; ".join(_remarks(found)),
        charge=_charge(context, found.get("L9", [])),
        pickup=moment_in_window(context, pickup, None) if pickup else None,
        delivery=moment_in_window(context, delivery, None) if delivery else None,
    )


def _charge(context: SetContext, charges: list[Row]) -> Money | None:
    """Add what the carrier asks for (L9-02, a decimal)."""
    total = None
    for row in charges:
        amount = plain_decimal(row[2])
        if amount is None:
            context.notice("NOT_AN_AMOUNT", "This is no amount", row, 2, "lost", text=row[2])
        else:
            total = amount + (total or 0)
    if total is None:
        return None
    try:
        return money(format(total, "f"), context.settings.currency)
    except Unreadable as fault:
        context.notice("NOT_AN_AMOUNT", fault.said, charges[0], 2, "lost", text=str(total))
        return None


def _answered_at(context: SetContext) -> datetime | None:
    """Tell when it was answered, where the partner's zone is known: GS names none."""
    told = context.written if context.settings.time_zone else None
    return None if told is None else told.at


def _revision(context: SetContext, number: str) -> int:
    """Order what is said of one load: by when its group was written, its number, its place in it.

    An offer and its change may stand in one group.
    """
    digits = "".join(each for each in context.sent if each.isdecimal())[:12].ljust(12, "0")
    group = int(digits) * 1000 + _number(context.group.control) % 1000
    return group * 10 + min(context.document.count(context.group, number), 9)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= len("999999999") else 0


def _identity(context: SetContext, set_id: str, number: str) -> str:
    """Name what was said by the numbers of its sender."""
    return f"{set_id}/{number}/{context.numbers}"


def _lost(context: SetContext, row: Row | None, code: str, said: str) -> None:
    context.notice(code, said, row, 0, "lost")
