"""What an order's goods on a shipment weigh and are worth: told, from the item, or by portion."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossdock.canonical.item import Item, Quantity
from crossdock.canonical.money import Money, money
from crossdock.canonical.order import OrderLineDraft
from crossdock.canonical.shipment import Portion
from crossdock.messages.master_data import MasterKind
from crossdock.messages.order_release import ShipmentPlanned
from tests.processes.order_release_world import DRAFT, confirmed, record, released, shipment, story

LINE = DRAFT.lines[0]
TOLD = replace(LINE, weight_kg=Decimal(12), value=money("100.01", "EUR"))
HALF = Portion(line_id="SO-1/10", quantity=Quantity(value=Decimal(2)))
NO_WEIGHT = record(MasterKind.ITEM, "I-1", Item(item_id="I-1"))


def goods(
    *lines: OrderLineDraft, portions: tuple[Portion, ...] = (), **facts: object
) -> tuple[Decimal | None, Money | None]:
    """What the plan tells of the order's goods."""
    told = story(**facts)  # type: ignore[arg-type]  # a record, or none
    said = told.tell(released(lines=lines), confirmed(shipment(portions=portions)))
    (planned,) = [each for each in said if isinstance(each, ShipmentPlanned)]
    return planned.weight_kg, planned.value


def test_a_line_weighs_what_the_order_says() -> None:
    assert goods(TOLD) == (Decimal(12), money("100.01", "EUR"))


def test_a_line_that_tells_no_weight_weighs_what_its_item_does() -> None:
    assert goods(LINE) == (Decimal("10.0"), None)
    assert goods(TOLD, replace(LINE, line_id="20")) == (Decimal("22.0"), None)


def test_where_nothing_gives_a_weight_none_is_told() -> None:
    assert goods(TOLD, replace(LINE, line_id="20"), item=NO_WEIGHT) == (None, None)


@pytest.mark.parametrize(
    ("portion", "weight", "worth"),
    [
        (HALF, "6", "50.00"),  # half a cent goes to the even one
        (replace(HALF, quantity=Quantity(value=Decimal(3))), "9", "75.01"),
        (replace(HALF, quantity=Quantity(value=Decimal(2), unit="CS")), "12", "100.01"),
        (replace(HALF, line_id="SO-2/10"), "12", "100.01"),
    ],
)
def test_a_split_line_weighs_and_is_worth_the_portion_stated(
    portion: Portion, weight: str, worth: str
) -> None:
    assert goods(TOLD, portions=(portion,)) == (Decimal(weight), money(worth, "EUR"))


def test_the_portion_of_a_line_is_taken_of_its_items_weight_too() -> None:
    assert goods(LINE, portions=(HALF,)) == (Decimal("5.00"), None)
