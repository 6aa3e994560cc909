"""Claims for money find their load by a number, whichever comes first."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.canonical.freight import ChargeNotice
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.envelope import Body, Key
from crossdock.messages.freight_settlement import (
    FreightChargesReported,
    FreightClaimBound,
    FreightInvoiceReceived,
)
from crossdock.messages.reference_binding import ReferenceAnnounced, ReferenceRevoked
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import CancelTimer, CloseException, Emission, PutReference, SetTimer
from crossdock.processes.reference_binding import SUBSCRIBER
from crossdock.processes.reference_binding_state import BindingState
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import OFFERED, PRO, hour, invoice, moment

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
BILL = FreightInvoiceReceived(invoice=invoice(*OFFERED))
NOTICE = FreightChargesReported(
    notice=ChargeNotice(
        notice_id="N-1",
        carrier_scac="ROAD",
        reference=PRO,
        charges=OFFERED,
        issued=moment(hour(3)),
    )
)


def story(number: Reference = PRO) -> Story[BindingState, Rules]:
    return Story(SUBSCRIBER, Key("reference", number.term()), rules=Rules(), at=NOON)


def announced(name: str = "SH-1", load_id: str = "LO-1") -> ReferenceAnnounced:
    return ReferenceAnnounced(reference=PRO, shipment_id=name, order_id="SO-1", load_id=load_id)


def bound(said: list[Emission]) -> list[FreightClaimBound]:
    return [each for each in said if isinstance(each, FreightClaimBound)]


def to(load_id: str, claim: Body = BILL) -> FreightClaimBound:
    return FreightClaimBound(
        load_id=load_id,
        reported_at=NOON,
        source="test",
        invoice=claim.invoice if isinstance(claim, FreightInvoiceReceived) else None,
        notice=claim.notice if isinstance(claim, FreightChargesReported) else None,
    )


@pytest.mark.parametrize("claim", [BILL, NOTICE])
def test_a_claim_goes_to_the_load_that_carries_the_shipment(claim: Body) -> None:
    told = story()
    told.tell(announced())

    assert told.tell(claim) == [to("LO-1", claim)]


def test_a_shipment_on_no_load_is_its_own() -> None:
    told = story()
    told.tell(announced(load_id=""))

    assert told.tell(BILL) == [to("SH-1")]


def test_a_claim_that_comes_first_waits_and_is_found_meanwhile() -> None:
    told = story()

    said = told.tell(BILL, BILL)

    waits = Key("reference", PRO.term())
    assert said == [
        PutReference(reference=PRO, key=waits),
        SetTimer(name="unmatched", due_at=NOON + timedelta(hours=24)),
    ]
    assert told.stage == "waiting"
    later = told.tell(announced())
    assert bound(later) == [to("LO-1")]
    assert CancelTimer(name="unmatched") in later


def test_shipments_of_one_load_are_one_answer() -> None:
    told = story()
    told.tell(announced(), announced("SH-2"))

    assert bound(told.tell(BILL)) == [to("LO-1")]


def test_several_loads_are_an_exception_of_finance_until_one_is_left() -> None:
    told = story()
    told.tell(announced(), announced("SH-2", "LO-2"), BILL)

    asked = told.exceptions["FREIGHT_CLAIM_AMBIGUOUS"]
    assert (asked.team, asked.about) == (Team.FINANCE, ("4711", "LO-1", "LO-2", "I-1"))
    assert asked.cause == (
        "PRO 4711 means loads LO-1, LO-2 at the same time, so 1 invoice cannot be matched"
    )
    said = told.tell(ReferenceRevoked(reference=PRO, shipment_id="SH-2", order_id="SO-1"))
    assert bound(said) == [to("LO-1")]
    closed = CloseException(code="FREIGHT_CLAIM_AMBIGUOUS", because="the claim has found its load")
    assert closed in said


def test_a_claim_nobody_knows_is_asked_about_after_a_day_and_waits_on() -> None:
    told = story()
    told.tell(NOTICE)

    told.wait_until(NOON + timedelta(hours=25))

    assert told.exceptions["FREIGHT_CLAIM_UNMATCHED"].cause == (
        "test sent 1 charge notice for PRO 4711, and no load has that number"
    )
    assert told.stage == "unmatched"
    assert bound(told.tell(announced())) == [
        FreightClaimBound(load_id="LO-1", reported_at=NOON, source="test", notice=NOTICE.notice)
    ]


def test_a_number_that_was_given_back_leads_to_the_only_load_it_ever_had() -> None:
    told = story()
    told.tell(announced(), ReferenceRevoked(reference=PRO, shipment_id="SH-1", order_id="SO-1"))

    assert told.tell(BILL) == [to("LO-1")]


def test_the_load_s_own_number_needs_nobody_to_announce_it() -> None:
    number = Reference(type=ReferenceType.LOAD, value="LO-7")
    told = story(number)

    said = told.tell(FreightInvoiceReceived(invoice=invoice(*OFFERED, reference=number)))

    assert [each.load_id for each in bound(said)] == ["LO-7"]
