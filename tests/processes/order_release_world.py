"""The order, the plan and the master data that the stories of order release are told with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from crossdock.canonical.item import Item, Quantity
from crossdock.canonical.moments import ZoneSource, local_day
from crossdock.canonical.order import OrderDraft, OrderLineDraft
from crossdock.canonical.party import Address, Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Mode, Shipment
from crossdock.messages.envelope import Body, Command, Key
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.master_data import Customer, MasterDataChanged, MasterKind, ShipTo
from crossdock.messages.order_release import (
    OrderCancelled,
    OrderReleased,
    PlanConfirmed,
    PlanShipment,
    ShipmentPlanned,
    ShipmentWithdrawn,
    TenderLoad,
    TenderMoved,
    TenderState,
    TransportAttributes,
    WithdrawTransportReference,
    WriteTransportReference,
)
from crossdock.messages.reference_binding import (
    ReferenceAnnounced,
    ReferenceRevoked,
    TenderAnnounced,
)
from crossdock.policies.completeness import complete
from crossdock.policies.rules import (
    CompletenessPolicy,
    RoutingRow,
    Rules,
    TenderingPolicy,
)
from crossdock.ports import DropEffect, Emission, PutReference
from crossdock.processes.order_release import SUBSCRIBER
from crossdock.processes.order_release_state import OrderState
from crossdock.testing.story import Story

# The night in which the clocks go forward in Ulm.
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

ORDER = Key("order", "SO-1")
DOCK = Location(location_id="DC-1", address=Address(country="DE", city="Ulm", postal_code="89073"))
SHOP = Location(
    location_id="SHOP-7", address=Address(country="FR", city="Lyon", postal_code="69001")
)
PROMISED = local_day(NOON.date() + timedelta(days=1), "Europe/Berlin", ZoneSource.PLACE)

ROUTE = RoutingRow(
    rule_id="routing.de-fr",
    mode="ROAD",
    service_level="EXPRESS",
    carriers=("ROAD", "SLOW"),
    sla_hours=48,
    from_country="DE",
    to_country="FR",
)
RULES = Rules(routing=(ROUTE,))
TENDERED = Rules(routing=(ROUTE,), tendering=TenderingPolicy(modes=("ROAD",)))

DRAFT = OrderDraft(
    order_id="SO-1",
    version=1,
    customer_id="C-1",
    ship_from=DOCK,
    ship_to=SHOP,
    lines=(OrderLineDraft(line_id="10", item_id="I-1", quantity=Quantity(value=Decimal(4))),),
    requested_delivery=PROMISED,
    customer_reference="PO-77",
    company_code="DE01",
)
ATTRIBUTES = TransportAttributes(
    mode="ROAD",
    service_level="EXPRESS",
    carriers=("ROAD", "SLOW"),
    sla_hours=48,
    rule_id="routing.de-fr",
)

CUSTOMER = Key("customer", "C-1")
ITEM = Key("item", "I-1")
SHIP_TO = Key("ship_to", "SHOP-7")


def record(
    kind: MasterKind, name: str, body: msgspec.Struct, *, version: int = 3, blocked: bool = False
) -> MasterDataChanged:
    """A record as master data holds it, heard of an hour ago."""
    return MasterDataChanged(
        kind=kind,
        id=name,
        version=version,
        as_of=NOON - HOUR,
        blocked=blocked,
        record=msgspec.json.encode(body).decode(),
    )


FACTS: dict[Key, Body] = {
    CUSTOMER: record(MasterKind.CUSTOMER, "C-1", Customer(customer_id="C-1", name="Shop & Co")),
    ITEM: record(MasterKind.ITEM, "I-1", Item(item_id="I-1", weight_kg=Decimal("2.5"))),
    SHIP_TO: record(MasterKind.SHIP_TO, "SHOP-7", ShipTo(location=SHOP)),
}


def story(rules: Rules = RULES, **facts: Body | None) -> Story[OrderState, Rules]:
    """An order of which nothing was heard; a fact given as None is not there."""
    known = {key: facts.get(key.kind, body) for key, body in FACTS.items()}
    present = {key: body for key, body in known.items() if body is not None}
    return Story(SUBSCRIBER, ORDER, rules=rules, at=NOON, facts=present)


def released(version: int = 1, **changes: object) -> OrderReleased:
    """The order's release."""
    return OrderReleased(draft=replace(DRAFT, version=version, **changes))


def cancelled(version: int = 2) -> OrderCancelled:
    """The order's cancellation."""
    return OrderCancelled(order_id="SO-1", version=version, reason="sold out")


PRO = Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD")


def shipment(name: str = "S-1", carrier: str = "ROAD", **changes: object) -> Shipment:
    """A shipment of the order, with the carrier's number on it."""
    whole = Shipment(
        shipment_id=name,
        load_id="L-1",
        mode=Mode.ROAD,
        carrier_scac=carrier,
        service_level="EXPRESS",
        stops=(),
        order_ids=("SO-1",),
        references=(PRO,),
    )
    return replace(whole, **changes)


def confirmed(*shipments: Shipment, version: int = 1, revision: int = 1) -> PlanConfirmed:
    """The TMS's confirmation; of the one shipment, where none is named."""
    return PlanConfirmed(
        order_id="SO-1",
        order_version=version,
        revision=revision,
        shipments=shipments or (shipment(),),
    )


def plan_request(version: int = 1, again: int = 0, **changes: object) -> PlanShipment:
    """The request the TMS gets."""
    order = complete(replace(DRAFT, version=version, **changes), CompletenessPolicy())
    assert not isinstance(order, tuple)
    return PlanShipment(order=order, attributes=ATTRIBUTES, again=again)


def write(name: str = "S-1", version: int = 1, revision: int = 1) -> WriteTransportReference:
    """The reference the ERP gets."""
    return WriteTransportReference(
        order_id="SO-1",
        order_version=version,
        shipment_id=name,
        load_id="L-1",
        carrier_scac="ROAD",
        revision=revision,
        company_code="DE01",
    )


def planned(
    carried: Shipment | None = None, version: int = 1, revision: int = 1
) -> ShipmentPlanned:
    """What visibility is told of a shipment."""
    return ShipmentPlanned(
        shipment=carried or shipment(),
        order_id="SO-1",
        customer_id="C-1",
        customer_reference="PO-77",
        order_version=version,
        revision=revision,
        company_code="DE01",
        weight_kg=Decimal("10.0"),
        promised=PROMISED,
    )


def number(kind: ReferenceType, value: str, key: Key) -> PutReference:
    """A number that leads to a key in a search."""
    return PutReference(reference=Reference(type=kind, value=value), key=key)


def search_numbers(name: str = "S-1") -> list[Emission]:
    """The numbers by which a shipment and its order are found."""
    carried = Key("shipment", name)
    return [
        number(ReferenceType.SHIPMENT, name, ORDER),
        number(ReferenceType.LOAD, "L-1", ORDER),
        number(ReferenceType.LOAD, "L-1", carried),
        number(ReferenceType.ORDER, "SO-1", carried),
        number(ReferenceType.CUSTOMER_REFERENCE, "PO-77", carried),
    ]


def announced(name: str = "S-1", *references: Reference) -> list[Emission]:
    """The numbers by which carriers speak of a shipment."""
    own = Reference(type=ReferenceType.SHIPMENT, value=name)
    return [
        ReferenceAnnounced(reference=each, shipment_id=name, order_id="SO-1", load_id="L-1")
        for each in (own, *(references or (PRO,)))
    ]


def revoked(name: str = "S-1") -> list[Emission]:
    """The same numbers, given back."""
    own = Reference(type=ReferenceType.SHIPMENT, value=name)
    return [
        ReferenceRevoked(reference=each, shipment_id=name, order_id="SO-1") for each in (own, PRO)
    ]


def withdrawal(
    name: str = "S-1",
    because: str = "the order is cancelled",
    version: int = 1,
    revision: int = 1,
) -> WithdrawTransportReference:
    """The ERP is told that a reference is off."""
    return WithdrawTransportReference(
        order_id="SO-1",
        order_version=version,
        shipment_id=name,
        revision=revision,
        because=because,
        company_code="DE01",
    )


def answer(command: Command, kind: AnswerKind = AnswerKind.APPLIED) -> EffectAnswered:
    """The end of an effect."""
    return EffectAnswered(
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        answer=kind,
        endpoint=command.verb.split(".")[0],
        answered_at=NOON,
        document="D-1",
    )


def drop(command: Command, because: str) -> DropEffect:
    """An effect that shall not be sent."""
    return DropEffect(
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        because=because,
    )


def commands(said: Sequence[Emission]) -> list[Command]:
    """The commands among what was said."""
    return [each for each in said if isinstance(each, Command)]


def kinds(said: Sequence[Emission]) -> list[str]:
    """What was said, by type."""
    return [type(each).__name__ for each in said]


def tender(
    carrier: str,
    version: int,
    carried: Shipment | None = None,
    *,
    at: datetime = NOON,
    **changes: object,
) -> TenderLoad:
    """An offer to a carrier, which has two hours to answer."""
    offer = TenderLoad(
        shipment=replace(carried or shipment(), carrier_scac=carrier),
        order_id="SO-1",
        carrier_scac=carrier,
        tender_version=version,
        respond_by=at + 2 * HOUR,
    )
    return replace(offer, **changes)


def moved(
    carrier: str, version: int, state: TenderState, at: datetime = NOON, reason: str = ""
) -> TenderMoved:
    """An offer to a carrier has come further."""
    return TenderMoved(
        order_id="SO-1",
        shipment_id="S-1",
        carrier_scac=carrier,
        tender_version=version,
        state=state,
        moved_at=at,
        reason=reason,
    )


OFFERED = TenderAnnounced(
    reference=Reference(type=ReferenceType.SHIPMENT, value="S-1"),
    shipment_id="S-1",
    order_id="SO-1",
)


def withdrawn(revision: int, because: str, name: str = "S-1") -> ShipmentWithdrawn:
    """Visibility is told that a shipment does not carry the order any more."""
    return ShipmentWithdrawn(
        shipment_id=name, order_id="SO-1", revision=revision, because=because, load_id="L-1"
    )
