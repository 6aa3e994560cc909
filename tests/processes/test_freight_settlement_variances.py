"""Every kind of variance: what finance finds in its queue, which rule holds it, what is posted."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import pytest

from crossdock.canonical.freight import ChargeKind, FreightCharge
from crossdock.canonical.money import Money, decimal_text, money
from crossdock.canonical.party import Location
from crossdock.canonical.shipment import Stop, StopRole
from crossdock.messages.envelope import Body
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightClaimBound,
    FreightDecided,
    FreightVerdict,
    LineState,
    PostFreightInvoice,
)
from crossdock.messages.teams import Team
from crossdock.policies.freight import ToleranceRow
from crossdock.policies.rules import Rules
from crossdock.ports import Emission
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    OFFERED,
    begin,
    billed,
    charge,
    corrected,
    delivered,
    obey,
    picture,
    planned,
    shipment,
    usd,
)

FUEL, DETENTION = ChargeKind.FUEL, ChargeKind.DETENTION
REVIEW, CONTESTED = "FREIGHT_UNDER_REVIEW", "FREIGHT_INVOICE_CONTESTED"
PERSONS = "freight.persons"
AGAIN = "The carrier sent an invoice again with other charges and no word of correction"
RULES = Rules(
    tolerances=(
        ToleranceRow(rule_id="tolerance.fuel", kinds=(FUEL,), over_amount="1.00"),
        ToleranceRow(rule_id="tolerance.default"),
    )
)
STOPS = tuple(
    Stop(sequence=number, role=role, place=Location(location_id=name))
    for number, role, name in ((1, StopRole.PICKUP, "ULM"), (2, StopRole.DELIVERY, "LYON"))
)
THREE_STOPS = "it bills 3 stops, and 2 were planned; as expected (tender)"
LINEHAUL = charge("500.00")
FREIGHT = partial(charge, "500.00")

approve = partial(FreightDecided, verdict=FreightVerdict.APPROVE, reason="checked")
reject = partial(FreightDecided, verdict=FreightVerdict.REJECT, reason="not ordered")
pay = partial(FreightDecided, verdict=FreightVerdict.SHORT_PAY, reason="as agreed")


class Held(NamedTuple):
    """A line that waits for finance: what was billed, and which rule holds it why."""

    charge: str
    billed: str
    rule: str
    because: str


class Variance(NamedTuple):
    """A bill that differs: what holds it, what two persons say, and what the ERP is asked then."""

    bill: FreightClaimBound
    held: list[Held]
    decided: partial[FreightDecided]
    accrued: list[tuple[str, Money, str]]  # charge, what shall stand, rule
    payable: Money
    offered: tuple[FreightCharge, ...] = OFFERED


VARIANCES = {
    "amount": Variance(
        billed(charge("602.19"), OFFERED[1]),
        [
            Held(
                "LINEHAUL",
                "602.19 USD",
                "tolerance.default",
                "102.19 USD off the expected 500.00 USD (tender), outside tolerance.default",
            )
        ],
        partial(pay, charge="LINEHAUL", amount=usd("510.00")),
        [("LINEHAUL", usd("510.00"), PERSONS)],
        usd("567.21"),
    ),
    "amount too low": Variance(
        billed(charge("450.00"), OFFERED[1]),
        [
            Held(
                "LINEHAUL",
                "450.00 USD",
                "tolerance.default",
                "-50.00 USD off the expected 500.00 USD (tender), outside tolerance.default",
            )
        ],
        approve,
        [("LINEHAUL", usd("450.00"), PERSONS)],
        usd("507.21"),
    ),
    "fuel": Variance(
        billed(LINEHAUL, charge("58.30", FUEL)),  # within the general 5.00, not the fuel's 1.00
        [
            Held(
                "FUEL",
                "58.30 USD",
                "tolerance.fuel",
                "1.09 USD off the expected 57.21 USD (tender), outside tolerance.fuel",
            )
        ],
        approve,
        [("FUEL", usd("58.30"), PERSONS)],
        usd("558.30"),
    ),
    "accessorial": Variance(
        billed(*OFFERED, charge("9.00", DETENTION)),
        [Held("DETENTION", "9.00 USD", "freight.not-expected", "no DETENTION was expected")],
        reject,
        [],
        usd("557.21"),
    ),
    "weight": Variance(
        billed(FREIGHT(weight_kg=Decimal(140))),
        [
            Held(
                "LINEHAUL",
                "500.00 USD",
                "freight.compare-weight",
                "billed for 140 kg, planned 100 kg, and 2 per cent are allowed",
            )
        ],
        approve,
        [("LINEHAUL", usd("500.00"), PERSONS)],
        usd("500.00"),
        offered=(FREIGHT(weight_kg=Decimal(100)),),
    ),
    "class": Variance(
        billed(FREIGHT(freight_class="85")),
        [
            Held(
                "LINEHAUL",
                "500.00 USD",
                "freight.compare-class",
                "billed as class 85, planned as class 70",
            )
        ],
        partial(pay, charge="LINEHAUL", amount=usd("480.00")),
        [("LINEHAUL", usd("480.00"), PERSONS)],
        usd("480.00"),
        offered=(FREIGHT(freight_class="70"),),
    ),
    "stops": Variance(
        billed(*OFFERED, stops=3),
        [
            Held("FUEL", "57.21 USD", "freight.compare-stops", THREE_STOPS),
            Held("LINEHAUL", "500.00 USD", "freight.compare-stops", THREE_STOPS),
        ],
        approve,
        [("FUEL", usd("57.21"), PERSONS), ("LINEHAUL", usd("500.00"), PERSONS)],
        usd("557.21"),
    ),
    "currency": Variance(
        billed(FREIGHT(currency="EUR")),
        [
            Held(
                "LINEHAUL", "500.00 EUR", "freight.other-currency", "billed in EUR, expected in USD"
            )
        ],
        approve,
        [("LINEHAUL", money("500.00", "EUR"), PERSONS)],
        money("500.00", "EUR"),
        offered=(LINEHAUL,),
    ),
    "code": Variance(
        billed(*OFFERED, charge("9.00", ChargeKind.UNCLASSIFIED, code="CUS")),
        [
            Held(
                "UNCLASSIFIED",
                "9.00 USD",
                "freight.code-unknown",
                "nobody knows what the carrier's code CUS means",
            )
        ],
        approve,
        [("UNCLASSIFIED", usd("9.00"), PERSONS)],
        usd("566.21"),
    ),
}


def held(said: Sequence[Emission]) -> list[Held]:
    """The lines that wait for finance."""
    return [
        Held(
            each.charge,
            f"{decimal_text(each.invoiced)} {each.invoiced.currency}",
            each.rule,
            each.because,
        )
        for each in picture(list(said)).lines
        if each.state is LineState.UNDER_REVIEW and each.invoiced
    ]


def entries(story: Story[Settlement, Rules]) -> list[tuple[str, Team, str, dict[str, str]]]:
    """What stands in the queue: under which code, whose it is, what it says and shows."""
    return [
        (each.code, each.team, each.cause, dict(each.seen)) for each in story.exceptions.values()
    ]


def review(*lines: Held) -> tuple[str, Team, str, dict[str, str]]:
    """The entry that asks for a decision about some lines, those held for one reason together."""
    number = "I-2" if lines[0].charge.endswith("/2") else "I-1"
    alike = {
        why: ", ".join(
            f"{each.charge}: ROAD billed {each.billed} by invoice {number}"
            for each in lines
            if each.because == why
        )
        for why in (each.because for each in lines)
    }
    claims = "; ".join(f"{said}, {why}" for why, said in alike.items())
    cause = f"Charges of load LO-1 need a decision: {claims}"
    return REVIEW, Team.FINANCE, cause, {each.charge: each.billed for each in lines}


def accrued(said: Sequence[Emission]) -> list[tuple[str, Money, str]]:
    """What the ERP is asked to accrue, and the rule it names."""
    return [
        (each.charge, each.amount, each.rule) for each in said if isinstance(each, AccrueFreight)
    ]


def posted(said: Sequence[Emission]) -> list[tuple[str, int, Money]]:
    """The invoices the ERP is asked to post: number, revision, and what is paid of each."""
    return [
        (each.invoice_id, each.revision, each.payable)
        for each in said
        if isinstance(each, PostFreightInvoice)
    ]


def all_of(story: Story[Settlement, Rules], *bodies: Body) -> list[Emission]:
    """Tell messages; answer what was said, and all that follows when the partners have done it."""
    said = story.tell(*bodies)
    return [*said, *obey(story, said)]


@pytest.mark.parametrize("each", VARIANCES.values(), ids=VARIANCES.keys())
def test_a_variance_waits_for_finance_and_what_two_persons_say_is_posted(each: Variance) -> None:
    story = begin(RULES)
    story.tell(planned(carried=shipment(charges=each.offered, stops=STOPS)), delivered())

    said = all_of(story, each.bill)
    queue = entries(story)
    first = all_of(story, each.decided(by="ann"))
    then = all_of(story, each.decided(by="ben"))

    assert (held(said), queue) == (each.held, [review(*each.held)])
    assert posted(said) == []
    assert (accrued(first), posted(first)) == ([], [])
    assert accrued(then) == each.accrued
    assert posted(then) == [("I-1", 1, each.payable)]
    assert entries(story) == []


def test_the_same_bill_under_another_number_waits_and_what_is_rejected_posts_nothing() -> None:
    story = begin(RULES)
    story.tell(planned(carried=shipment(stops=STOPS)), delivered())
    paid = all_of(story, billed())
    twice = "it charges the same as invoice I-1; as expected (tender)"
    waiting = [
        Held("FUEL/2", "57.21 USD", "freight.repeated", twice),
        Held("LINEHAUL/2", "500.00 USD", "freight.repeated", twice),
    ]

    said = all_of(story, billed(number="I-2"))
    queue = entries(story)
    then = all_of(story, reject(by="ann"), reject(by="ben"))

    assert posted(paid) == [("I-1", 1, usd("557.21"))]
    assert (held(said), queue) == (waiting, [review(*waiting)])
    assert (accrued(then), posted(then)) == ([], [])
    assert entries(story) == []


def test_the_same_number_with_other_charges_waits_for_the_carriers_word_which_is_posted() -> None:
    story = begin(RULES)
    story.tell(planned(carried=shipment(stops=STOPS)), delivered())
    all_of(story, billed())

    said = all_of(story, billed(charge("503.00"), OFFERED[1]))
    queue = entries(story)
    then = all_of(story, corrected(charge("503.00"), OFFERED[1]))

    assert (held(said), accrued(said), posted(said)) == ([], [], [])
    assert queue == [
        (
            CONTESTED,
            Team.FINANCE,
            f"{AGAIN}: ROAD/I-1, 560.21 USD",
            {},
        )
    ]
    assert accrued(then) == [("LINEHAUL", usd("503.00"), "tolerance.default")]
    assert posted(then) == [("I-1", 2, usd("560.21"))]
    assert entries(story) == []


def test_a_variance_that_is_disputed_is_posted_as_it_is_settled() -> None:
    story = begin(RULES)
    story.tell(planned(carried=shipment(stops=STOPS)), delivered())
    all_of(story, billed(*OFFERED, charge("90.00", DETENTION)))
    dispute = partial(FreightDecided, verdict=FreightVerdict.DISPUTE, reason="two hours were free")
    settle = partial(FreightDecided, verdict=FreightVerdict.SETTLE, reason="half is agreed")

    asked = all_of(story, dispute(by="ann", charge="DETENTION"))
    queue = entries(story)
    half = usd("45.00")
    then = all_of(
        story, *(settle(by=each, charge="DETENTION", amount=half) for each in ("ann", "ben"))
    )

    assert (accrued(asked), posted(asked), queue) == ([], [], [])
    assert accrued(then) == [("DETENTION", half, PERSONS)]
    assert posted(then) == [("I-1", 1, usd("602.21"))]


def test_a_line_names_all_rules_that_hold_it() -> None:
    story = begin(RULES)
    story.tell(planned(carried=shipment(stops=STOPS)))

    bill = billed(charge("900.00"), carrier_scac="PARC", stops=3, disagreements=("it is torn",))
    (line,) = picture(story.tell(bill)).lines[1:]

    assert line.rule == (
        "freight.disagrees, freight.other-carrier, freight.compare-stops, tolerance.default"
    )


def test_what_is_billed_for_a_load_without_orders_is_held_by_that() -> None:
    (line,) = picture(begin(RULES).tell(billed(charge("900.00")))).lines

    assert line.rule == "freight.unplanned, freight.hold"
