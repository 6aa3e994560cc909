"""What an order must carry before anything leaves the house: a draft becomes an order, or not."""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.canonical.item import Quantity
from crossdock.canonical.order import Order, OrderDraft, OrderLine, OrderLineDraft
from crossdock.canonical.party import Location
from crossdock.policies.rules import CompletenessPolicy


def complete(draft: OrderDraft, policy: CompletenessPolicy) -> Order | tuple[str, ...]:
    """Answer the complete order, or the names of the fields the ERP left out, in their order.

    Names are paths in the draft: `customer_id`, `ship_to.address.postal_code`,
    `lines/10/quantity`. An empty text counts as left out, a quantity of nothing too.
    """
    missing = tuple(_missing(draft, policy))
    if missing or draft.ship_to is None or draft.customer_id is None:
        return missing
    return Order(
        order_id=draft.order_id,
        version=draft.version,
        customer_id=draft.customer_id,
        ship_from=draft.ship_from or Location(),
        ship_to=draft.ship_to,
        lines=tuple(
            _line(line, line.item_id, line.quantity)
            for line in draft.lines
            if line.item_id and line.quantity
        ),
        requested_delivery=draft.requested_delivery,
        customer_reference=draft.customer_reference,
        company_code=draft.company_code,
        references=draft.references,
    )


def _missing(draft: OrderDraft, policy: CompletenessPolicy) -> Iterator[str]:
    if not draft.customer_id:
        yield "customer_id"
    if policy.require_ship_from and not _is_a_place(draft.ship_from):
        yield "ship_from"
    yield from _missing_ship_to(draft.ship_to, policy)
    if policy.require_requested_delivery and draft.requested_delivery is None:
        yield "requested_delivery"
    if not draft.lines:
        yield "lines"
    for line in draft.lines:
        if not line.item_id:
            yield f"lines/{line.line_id}/item_id"
        if line.quantity is None or line.quantity.value <= 0:
            yield f"lines/{line.line_id}/quantity"


def _missing_ship_to(place: Location | None, policy: CompletenessPolicy) -> Iterator[str]:
    if place is None or not _is_a_place(place):
        yield "ship_to"
    elif place.address is None or not place.address.country:
        yield "ship_to.address.country"
    elif policy.require_ship_to_postal_code and not place.address.postal_code:
        yield "ship_to.address.postal_code"


def _is_a_place(place: Location | None) -> bool:
    known = place and (place.location_id or place.unlocode or place.gln or place.address)
    return bool(known)


def _line(line: OrderLineDraft, item_id: str, quantity: Quantity) -> OrderLine:
    return OrderLine(
        line_id=line.line_id,
        item_id=item_id,
        quantity=quantity,
        description=line.description,
        weight_kg=line.weight_kg,
        value=line.value,
        requested_delivery=line.requested_delivery,
    )
