"""What an order must carry, field by field."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossdock.canonical.item import Quantity
from crossdock.canonical.order import Order, OrderDraft, OrderLine, OrderLineDraft
from crossdock.canonical.party import Address, Location
from crossdock.policies.completeness import complete
from crossdock.policies.rules import CompletenessPolicy

DOCK = Location(location_id="DC-1")
SHOP = Location(address=Address(country="FR", city="Lyon", postal_code="69001"))
FOUR = Quantity(value=Decimal(4))
LINE = OrderLineDraft(line_id="10", item_id="I-1", quantity=FOUR, description="bolt")
DRAFT = OrderDraft(
    order_id="SO-1",
    version=2,
    customer_id="C-1",
    ship_from=DOCK,
    ship_to=SHOP,
    lines=(LINE,),
    customer_reference="PO-77",
    company_code="DE01",
)


def test_a_complete_draft_becomes_the_same_order() -> None:
    assert complete(DRAFT, CompletenessPolicy()) == Order(
        order_id="SO-1",
        version=2,
        customer_id="C-1",
        ship_from=DOCK,
        ship_to=SHOP,
        lines=(OrderLine(line_id="10", item_id="I-1", quantity=FOUR, description="bolt"),),
        customer_reference="PO-77",
        company_code="DE01",
    )


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"customer_id": None}, ("customer_id",)),
        ({"customer_id": ""}, ("customer_id",)),
        ({"ship_from": None}, ("ship_from",)),
        ({"ship_from": Location(name="somewhere")}, ("ship_from",)),
        ({"ship_to": None}, ("ship_to",)),
        ({"ship_to": DOCK}, ("ship_to.address.country",)),
        (
            {"ship_to": Location(address=Address(country="FR", city="Lyon"))},
            ("ship_to.address.postal_code",),
        ),
        ({"lines": ()}, ("lines",)),
        ({"lines": (replace(LINE, item_id=None),)}, ("lines/10/item_id",)),
        ({"lines": (replace(LINE, quantity=None),)}, ("lines/10/quantity",)),
        (
            {"lines": (LINE, replace(LINE, line_id="20", quantity=Quantity(value=Decimal(0))))},
            ("lines/20/quantity",),
        ),
    ],
)
def test_a_missing_field_is_named(changes: dict[str, object], missing: tuple[str, ...]) -> None:
    assert complete(replace(DRAFT, **changes), CompletenessPolicy()) == missing


def test_all_that_is_missing_is_named_at_once() -> None:
    empty = OrderDraft(order_id="SO-1", version=1)
    policy = CompletenessPolicy(require_requested_delivery=True)

    missing = complete(empty, policy)

    assert missing == ("customer_id", "ship_from", "ship_to", "requested_delivery", "lines")


def test_what_the_policy_does_not_ask_for_may_be_missing() -> None:
    policy = CompletenessPolicy(require_ship_from=False, require_ship_to_postal_code=False)
    vague = Location(address=Address(country="HK", city="Kowloon"))

    order = complete(replace(DRAFT, ship_from=None, ship_to=vague), policy)

    assert isinstance(order, Order)
    assert (order.ship_from, order.ship_to) == (Location(), vague)
