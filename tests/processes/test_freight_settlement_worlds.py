"""Orders split over loads, loads that carry several: quantities and money are conserved."""

from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from crossdock.canonical.freight import ChargeKind
from crossdock.messages.envelope import Body, Command, Key
from crossdock.messages.freight_settlement import AccrueFreight, PostFreightInvoice, ReleaseBilling
from crossdock.policies.freight import FreightPolicy, UnexpectedRow
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement import SUBSCRIBER
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    START,
    answer,
    billed,
    charge,
    delivered,
    planned,
    shipment,
)

RULES = Rules(
    freight=FreightPolicy(
        unexpected=(UnexpectedRow(rule_id="freight.as-charged", take="accept_as_charged"),),
        billing="held",
        allocation_otherwise="even",
    )
)


COMPANIES = ("1000", "2000", "1000", "")  # by order; the last names none


class Part(Struct, frozen=True):
    """So much of an order on one shipment, which one load carries."""

    order: int
    shipment: int
    load: int
    weight: int


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Part], dict[int, list[int]], dict[int, str]]:
    """Draw who travels where, what each load is charged, and how each is split."""
    loads = {each: draw(st.integers(0, 2)) for each in range(5)}  # by shipment
    wanted = st.tuples(st.integers(0, 3), st.integers(0, 4))
    pairs = draw(st.lists(wanted, min_size=1, max_size=9, unique=True))
    parts = [
        Part(order, carried, loads[carried], draw(st.integers(0, 900))) for order, carried in pairs
    ]
    charges = {
        each: draw(st.lists(st.integers(1, 10**7), min_size=1, max_size=3))
        for each in sorted({part.load for part in parts})
    }
    splits = {each: draw(st.sampled_from(["weight", "value", "even"])) for each in charges}
    return parts, charges, splits


def said_of(load: int, parts: list[Part], charges: list[int]) -> list[Body]:
    """All that is said of one load, in the order it usually is."""
    name = f"LO-{load}"
    plans = [
        planned(
            f"SO-{part.order}",
            shipment(f"SH-{part.shipment}", name, charges=()),
            weight_kg=Decimal(part.weight),
            company_code=COMPANIES[part.order],
        )
        for part in parts
    ]
    kinds = (ChargeKind.LINEHAUL, ChargeKind.FUEL, ChargeKind.TOLL)
    lines = [
        charge(f"{minor // 100}.{minor % 100:02}", kind)
        for minor, kind in zip(charges, kinds, strict=False)
    ]
    bill = structs.replace(billed(*lines, number=f"I-{load}"), load_id=name)
    ends = [
        structs.replace(delivered(f"SO-{part.order}", name=f"SH-{part.shipment}"), load_id=name)
        for part in parts
    ]
    return [*plans, bill, *ends]


@settings(max_examples=60, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_what_loads_cost_is_what_orders_bear(
    world: tuple[list[Part], dict[int, list[int]], dict[int, str]], chance: Random
) -> None:
    parts, charges, splits = world
    borne: dict[str, int] = {}
    for load, amounts in charges.items():
        policy = structs.replace(RULES.freight, allocation=splits[load])
        rules = structs.replace(RULES, freight=policy)
        story = Story(SUBSCRIBER, Key("load", f"LO-{load}"), rules=rules, at=START)
        mine = [each for each in parts if each.load == load]
        said = said_of(load, mine, amounts)
        chance.shuffle(said)
        asked = list[Command]()
        for body in said:
            waiting = [each for each in story.tell(body) if isinstance(each, Command)]
            while waiting:
                asked.append(waiting.pop(0))
                more = story.tell(answer(asked[-1]))
                waiting += [each for each in more if isinstance(each, Command)]
        stands = {each.charge: each for each in asked if isinstance(each, AccrueFreight)}
        assert sum(each.amount.minor for each in stands.values()) == sum(amounts)
        invoices = [each for each in asked if isinstance(each, PostFreightInvoice)]
        paid = {each.part: each.payable.minor for each in invoices}
        assert sum(paid.values()) == sum(amounts)
        posted = [(each.company_code, each.shares) for each in stands.values()]
        posted += [(each.company_code, each.shares) for each in invoices]
        for company, shares in posted:
            companies = {COMPANIES[int(one.order_id[-1])] for one in shares}
            assert companies - {""} <= {company}
        for each in asked:
            if isinstance(each, ReleaseBilling):
                borne[f"{each.order_id}/{load}"] = each.freight.minor

    assert borne.keys() == {f"SO-{each.order}/{each.load}" for each in parts}
    assert sum(borne.values()) == sum(sum(each) for each in charges.values())
