"""Bills whose codes say what they charge for, from the carrier's 210 to what finance posts."""

from __future__ import annotations

from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightClaimBound,
    FreightVerdict,
    LineState,
)
from tests.connectors.test_x12_bills import BILL, HEAD, read
from tests.processes.freight_settlement_world import (
    begin,
    delivered,
    hour,
    obey,
    picture,
    planned,
    word,
)

ASKED = "Charges of load LO-1 need a decision:"


def billed(due: int, *charged: str) -> FreightClaimBound:
    """Bring a 210 to the load, with charges such as `5721 FUE`."""
    rows = [each.split() for each in charged]
    lines = [
        line
        for number, (cents, code) in enumerate(rows, 1)
        for line in (f"LX*{number}", f"L1*{number}***{cents}****{code}")
    ]
    bills, _ = read(BILL.format(due=due), *HEAD[1:], *lines)
    return FreightClaimBound(load_id="LO-1", reported_at=hour(3), source="road", invoice=bills[0])


def story_of(*told: object) -> tuple[list[tuple[str, LineState]], list[str], list[str]]:
    """Plan and deliver the load, tell; answer its lines, what asks, and what is accrued last."""
    story = begin()
    obey(story, story.tell(planned(), delivered()))
    for each in told:
        said = story.tell(each)  # type: ignore[arg-type] # bills and words
        said += obey(story, said)
    lines = [(each.charge, each.state) for each in picture(story.said).lines]
    accrued = [
        f"{each.charge} {each.amount.minor}" for each in said if isinstance(each, AccrueFreight)
    ]
    return lines, [each.cause for each in story.exceptions.values()], accrued


def test_freight_and_fuel_as_offered_are_posted_under_whatever_codes_carriers_write() -> None:
    lines, asked, accrued = story_of(billed(55721, "50000 LHS", "5721 ENS"))

    assert lines == [("FUEL", LineState.INVOICED), ("LINEHAUL", LineState.INVOICED)]
    assert asked == []
    assert accrued == ["FUEL 5721", "LINEHAUL 50000"]


def test_a_layover_that_nobody_expected_is_posted_when_two_persons_say_so() -> None:
    bill = billed(70721, "50000 400", "5721 FUE", "15000 LAY")

    waiting = story_of(bill)
    decided = story_of(
        bill, word(FreightVerdict.APPROVE, "ann"), word(FreightVerdict.APPROVE, "ben")
    )

    assert waiting[1] == [
        f"{ASKED} LAYOVER: ROAD billed 150.00 USD by invoice INV-7, no LAYOVER was expected"
    ]
    assert decided[1:] == ([], ["LAYOVER 15000"])


def test_a_code_that_means_two_things_holds_its_own_charge_and_no_other() -> None:
    lines, asked, accrued = story_of(billed(57221, "50000 400", "5721 FUE", "1500 PST"))

    assert lines == [
        ("FUEL", LineState.ACCRUED),
        ("LINEHAUL", LineState.ACCRUED),
        ("UNCLASSIFIED", LineState.UNDER_REVIEW),
    ]
    unknown = "nobody knows what the carrier's code PST means"
    assert asked == [f"{ASKED} UNCLASSIFIED: ROAD billed 15.00 USD by invoice INV-7, {unknown}"]
    assert accrued == ["FUEL 5721", "LINEHAUL 50000"]
