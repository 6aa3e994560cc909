"""Which milestone lets a charge be accrued: a delivery, or what policy names for such charges."""

from datetime import date

import pytest
from msgspec import structs

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.tracking import Milestone
from crossdock.messages.freight_settlement import AccrueFreight, Proven
from crossdock.messages.shipment_visibility import MilestoneSettled
from crossdock.policies.freight import FreightPolicy, OpeningRow
from crossdock.policies.rules import Rules
from crossdock.ports import Emission
from tests.processes.freight_settlement_world import (
    begin,
    billed,
    charge,
    delivered,
    hour,
    ledger,
    line,
    moment,
    obey,
    planned,
    shipment,
)

STORAGE, LOADING = ChargeKind.STORAGE, ChargeKind.LOADING
CHARGES = (charge("500.00"), charge("30.00", LOADING))
PLANNED = planned(carried=shipment(charges=CHARGES))
GATE_OUT = OpeningRow(rule_id="freight.gate-out", milestone=Milestone.TERMINAL_OUT)
AT_PICKUP = OpeningRow(
    rule_id="freight.origin-at-pickup", milestone=Milestone.PICKED_UP, kinds=(LOADING,)
)


def rules(*opens: OpeningRow) -> Rules:
    """A house whose gate opens so."""
    return Rules(freight=FreightPolicy(opens=opens))


def picked_up(
    order_id: str = "SO-1",
    revision: int = 1,
    *,
    really: bool = True,
    milestone: Milestone = Milestone.PICKED_UP,
) -> MilestoneSettled:
    """Settle a milestone of an order, or take that back."""
    return MilestoneSettled(
        shipment_id="SH-1",
        order_id=order_id,
        milestone=milestone,
        reached=really,
        occurred=moment(hour(-24)) if really else None,
        revision=revision,
        load_id="LO-1",
    )


def accrued(said: list[Emission]) -> dict[str, int]:
    """What is to stand accrued."""
    return {each.charge: each.amount.minor for each in said if isinstance(each, AccrueFreight)}


def test_the_pickup_opens_what_policy_says_and_the_delivery_the_rest() -> None:
    story = begin(rules(AT_PICKUP))
    story.tell(PLANNED, billed(*CHARGES))

    said = story.tell(picked_up())

    assert accrued(said) == {"LOADING": 3000}
    assert line(said).missing == ("milestone_validated",)
    obey(story, said)
    assert accrued(story.tell(delivered())) == {"LINEHAUL": 50000}


def test_its_proof_names_the_milestone_and_the_rule_and_its_day_dates_the_posting() -> None:
    story = begin(rules(AT_PICKUP))
    story.tell(PLANNED, billed(*CHARGES))

    (asked,) = [each for each in story.tell(picked_up()) if isinstance(each, AccrueFreight)]

    assert asked.proofs[0] == Proven(
        condition="milestone_validated",
        at=hour(0),
        said="SO-1 on SH-1 reached PICKED_UP at 2026-03-26T08:00:00+00:00 "
        "(freight.origin-at-pickup)",
    )
    assert asked.business_date == date(2026, 3, 26)


def test_a_milestone_taken_back_reverses_what_it_had_opened() -> None:
    story = begin(rules(AT_PICKUP))
    story.tell(PLANNED, billed(*CHARGES))
    obey(story, story.tell(picked_up()))

    obey(story, story.tell(picked_up(revision=2, really=False)))

    assert ledger(story) == {"LOADING": 0}


def test_the_milestone_may_come_before_the_plan_and_the_bill_and_twice() -> None:
    story = begin(rules(AT_PICKUP))

    said = story.tell(picked_up(), PLANNED, billed(*CHARGES))

    assert accrued(said) == {"LOADING": 3000}
    assert story.tell(picked_up()) == []


def test_every_order_must_have_it_unless_policy_takes_the_first() -> None:
    second = structs.replace(PLANNED, order_id="SO-2")
    first = structs.replace(AT_PICKUP, of="first_order")
    every, any_ = begin(rules(AT_PICKUP)), begin(rules(first))

    said = [each.tell(PLANNED, second, billed(*CHARGES), picked_up()) for each in (every, any_)]

    assert [accrued(each) for each in said] == [{}, {"LOADING": 3000}]
    assert accrued(every.tell(picked_up("SO-2"))) == {"LOADING": 3000}


@pytest.mark.parametrize(
    ("row", "opened"),
    [
        (structs.replace(GATE_OUT, mode="ROAD"), {"LINEHAUL": 50000, "LOADING": 3000}),
        (structs.replace(GATE_OUT, mode="OCEAN"), {}),
        (structs.replace(GATE_OUT, carrier_scac="ROAD", kinds=(LOADING,)), {"LOADING": 3000}),
        (structs.replace(GATE_OUT, carrier_scac="SEAS"), {}),
        (structs.replace(GATE_OUT, kinds=(STORAGE,)), {}),
    ],
)
def test_a_row_speaks_of_modes_carriers_and_kinds(row: OpeningRow, opened: dict[str, int]) -> None:
    story = begin(rules(row))
    story.tell(PLANNED, billed(*CHARGES))

    assert accrued(story.tell(picked_up(milestone=row.milestone))) == opened


def test_a_milestone_that_no_row_names_opens_nothing() -> None:
    story = begin()
    story.tell(PLANNED, billed(*CHARGES))

    assert story.tell(picked_up()) == []
