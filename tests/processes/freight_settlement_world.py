"""A load from Ulm to Lyon, offered to ROAD for 557.21 dollars, which bills it when delivered."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crossdock.canonical.freight import (
    ChargeBasis,
    ChargeKind,
    ChargeNotice,
    FreightCharge,
    FreightInvoice,
    InvoicePurpose,
)
from crossdock.canonical.moments import Moment, ZoneSource
from crossdock.canonical.money import Money, money
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Mode, Shipment
from crossdock.messages.envelope import Command, Key
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.freight_settlement import (
    FreightClaimBound,
    FreightDecided,
    FreightLine,
    FreightPicture,
    FreightPictureChanged,
    FreightVerdict,
)
from crossdock.messages.order_release import ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.shipment_visibility import DeliveryClosed
from crossdock.policies.freight import FreightPolicy, UnexpectedRow
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, PutReference
from crossdock.processes.freight_settlement import SUBSCRIBER
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.story import Story

START = datetime(2026, 3, 27, 8, tzinfo=UTC)
LOAD = Key("load", "LO-1")
PRO = Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD")

RULES = Rules()
AS_CHARGED = Rules(
    freight=FreightPolicy(
        unexpected=(UnexpectedRow(rule_id="freight.as-charged", take="accept_as_charged"),)
    )
)
BILLED = Rules(freight=FreightPolicy(billing="held"))


def hour(count: float) -> datetime:
    """Tell an instant by the hours since the story began."""
    return START + timedelta(hours=count)


def moment(at: datetime) -> Moment:
    """Tell an instant as a source with an offset would."""
    return Moment(at=at, text=at.isoformat(), zone="UTC", zone_source=ZoneSource.OFFSET)


def usd(text: str) -> Money:
    """Read dollars."""
    return money(text, "USD")


def charge(text: str, kind: ChargeKind = ChargeKind.LINEHAUL, **said: Any) -> FreightCharge:
    """Charge dollars, or what the currency says."""
    usual: dict[str, Any] = {
        "charge_id": kind.value,
        "load_id": "LO-1",
        "code": kind.value[:3],
        "amount": money(text, said.pop("currency", "USD")),
        "basis": ChargeBasis.INVOICE,
        "kind": kind,
    }
    return FreightCharge(**(usual | said))


OFFERED = (charge("500.00"), charge("57.21", ChargeKind.FUEL))


def shipment(name: str = "SH-1", load_id: str = "LO-1", **said: Any) -> Shipment:
    """Plan a shipment, as offered."""
    usual: dict[str, Any] = {
        "shipment_id": name,
        "load_id": load_id,
        "mode": Mode.ROAD,
        "carrier_scac": "ROAD",
        "service_level": "STANDARD",
        "stops": (),
        "charges": OFFERED,
    }
    return Shipment(**(usual | said))


def planned(
    order_id: str = "SO-1", carried: Shipment | None = None, **said: Any
) -> ShipmentPlanned:
    """Plan an order on a shipment."""
    usual: dict[str, Any] = {
        "shipment": carried or shipment(),
        "order_id": order_id,
        "customer_id": "C-1",
        "customer_reference": "",
        "order_version": 1,
        "revision": 1,
        "company_code": "1000",
        "weight_kg": Decimal(100),
    }
    return ShipmentPlanned(**(usual | said))


def withdrawn(order_id: str = "SO-1", revision: int = 2, name: str = "SH-1") -> ShipmentWithdrawn:
    """Take an order off a shipment."""
    return ShipmentWithdrawn(
        shipment_id=name,
        order_id=order_id,
        revision=revision,
        because="the order is cancelled",
        load_id="LO-1",
    )


def delivered(
    order_id: str = "SO-1", revision: int = 1, *, name: str = "SH-1", really: bool = True
) -> DeliveryClosed:
    """Close an order's delivery, or take that back."""
    return DeliveryClosed(
        shipment_id=name,
        order_id=order_id,
        delivered=really,
        occurred=moment(hour(2)) if really else None,
        revision=revision,
        load_id="LO-1",
    )


def invoice(*charges: FreightCharge, number: str = "I-1", **said: Any) -> FreightInvoice:
    """Bill charges that sum to the total."""
    currency = charges[0].amount.currency if charges else "USD"
    usual: dict[str, Any] = {
        "invoice_id": number,
        "carrier_scac": "ROAD",
        "issued": moment(hour(3)),
        "charges": charges,
        "total": Money(minor=sum(each.amount.minor for each in charges), currency=currency),
        "purpose": InvoicePurpose.ORIGINAL,
        "reference": PRO,
    }
    return FreightInvoice(**(usual | said))


def billed(*charges: FreightCharge, number: str = "I-1", **said: Any) -> FreightClaimBound:
    """Bring an invoice to the load; as offered, where no charges are named."""
    return FreightClaimBound(
        load_id="LO-1",
        reported_at=hour(3),
        source="road",
        invoice=invoice(*(charges or OFFERED), number=number, **said),
        document_id="d-1",
    )


def corrected(*charges: FreightCharge, at: float = 9, number: str = "I-1") -> FreightClaimBound:
    """Replace an invoice."""
    return billed(
        *charges, number=number, purpose=InvoicePurpose.CORRECTION, issued=moment(hour(at))
    )


def cancelled(at: float = 10, number: str = "I-1") -> FreightClaimBound:
    """Take an invoice back."""
    return billed(
        charge("0.00"),
        number=number,
        purpose=InvoicePurpose.CANCELLATION,
        issued=moment(hour(at)),
    )


def told(*charges: FreightCharge, notice: str = "N-1", revision: int = 1) -> FreightClaimBound:
    """Tell charges without an invoice."""
    return FreightClaimBound(
        load_id="LO-1",
        reported_at=hour(3),
        source="tms",
        notice=ChargeNotice(
            notice_id=notice,
            carrier_scac="ROAD",
            reference=PRO,
            charges=charges,
            issued=moment(hour(3)),
            revision=revision,
        ),
    )


def word(verdict: FreightVerdict, by: str = "ann", charge: str = "", **said: Any) -> FreightDecided:
    """Let a person decide."""
    return FreightDecided(verdict=verdict, by=by, reason="checked", charge=charge, **said)


def answer(
    command: Command, kind: AnswerKind = AnswerKind.APPLIED, said: str = ""
) -> EffectAnswered:
    """End an effect."""
    return EffectAnswered(
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        answer=kind,
        endpoint=command.verb.split(".")[0],
        answered_at=hour(20),
        document=f"D-{command.business_key()}-{command.version()}",
        said=said,
    )


def begin(rules: Rules = RULES) -> Story[Settlement, Rules]:
    """Begin before anything was said."""
    return Story(SUBSCRIBER, LOAD, rules=rules, at=START)


def commands(said: list[Emission]) -> list[Command]:
    """The commands among what was said."""
    return [each for each in said if isinstance(each, Command)]


def obey(story: Story[Settlement, Rules], said: list[Emission]) -> list[Emission]:
    """Let the partners do everything they are asked, and all that follows from it."""
    heard = list[Emission]()
    waiting = commands(said)
    while waiting:
        more = story.tell(answer(waiting.pop(0)))
        heard += more
        waiting += commands(more)
    return heard


def kinds(said: list[Emission]) -> list[str]:
    """What was said, by type; numbers for the search apart."""
    return [type(each).__name__ for each in said if not isinstance(each, PutReference)]


def picture(said: list[Emission]) -> FreightPicture:
    """The last picture among what was said."""
    return [each for each in said if isinstance(each, FreightPictureChanged)][-1].picture


def line(said: list[Emission], name: str = "LINEHAUL") -> FreightLine:
    """One line of the last picture."""
    return next(each for each in picture(said).lines if each.charge == name)


def ledger(story: Story[Settlement, Rules]) -> dict[str, int]:
    """What stands accrued, by line."""
    return {name: each.stood for name, each in story.state.accrued.items()}


DELIVERY_DAY = date(2026, 3, 27)
