"""What was posted keeps its name: books know a charge by it."""

import msgspec

from crossdock.canonical.freight import ChargeKind
from crossdock.flow.states import decode_state, encode_state
from crossdock.messages.freight_settlement import AccrueFreight, LineState
from crossdock.ports import Emission
from crossdock.processes.freight_settlement import SUBSCRIBER
from crossdock.processes.freight_settlement_names import Names
from crossdock.processes.freight_settlement_state import Accrued, Settlement
from tests.processes.freight_settlement_world import (
    AS_CHARGED,
    DELIVERY_DAY,
    begin,
    billed,
    cancelled,
    charge,
    commands,
    corrected,
    delivered,
    ledger,
    line,
    obey,
    picture,
    planned,
    shipment,
    told,
    usd,
)

STOP = ChargeKind.STOP_OFF


def accruals(said: list[Emission]) -> list[tuple[str, str, int]]:
    """Name, invoice and amount of what the ERP is asked to accrue."""
    asked = [each for each in commands(said) if isinstance(each, AccrueFreight)]
    return [(each.charge, each.invoice_id, each.amount.minor) for each in asked]


def test_the_second_charge_keeps_its_name_when_the_first_is_taken_back() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())), billed(charge("500.00")))
    story.tell(billed(charge("510.00"), number="I-2"))
    obey(story, story.tell(delivered()))

    back = story.tell(cancelled())
    obey(story, back)

    assert accruals(back) == [("LINEHAUL", "I-1", 0)]
    assert ledger(story) == {"LINEHAUL": 0, "LINEHAUL/2": 51000}
    assert [(each.charge, each.state) for each in picture(story.said).lines] == [
        ("LINEHAUL", LineState.WITHDRAWN),
        ("LINEHAUL/2", LineState.INVOICED),
    ]


def test_what_is_billed_anew_has_a_posting_of_its_own() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())), billed(charge("500.00")))
    obey(story, story.tell(delivered()))
    obey(story, story.tell(cancelled()))

    anew = story.tell(billed(charge("510.00"), number="I-2"))

    assert accruals(anew) == [("LINEHAUL/2", "I-2", 51000)]


def test_before_it_is_posted_the_charge_that_is_left_is_the_first() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())), billed(charge("500.00")))
    story.tell(billed(charge("510.00"), number="I-2"), cancelled())

    assert accruals(story.tell(delivered())) == [("LINEHAUL", "I-2", 51000)]


def test_a_corrected_charge_and_the_bill_of_what_was_told_keep_the_name() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())), told(charge("500.00")))
    obey(story, story.tell(delivered()))
    obey(story, story.tell(billed(charge("505.00"))))

    said = story.tell(corrected(charge("507.00")))

    assert accruals(said) == [("LINEHAUL", "I-1", 50700)]


def test_what_was_told_stands_again_under_its_name_when_its_bill_is_taken_back() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())), told(charge("500.00")))
    obey(story, story.tell(delivered()))
    obey(story, story.tell(billed(charge("505.00"))))

    obey(story, story.tell(cancelled()))

    assert ledger(story) == {"LINEHAUL": 50000}


def test_a_charge_that_was_expected_and_taken_back_is_one_line() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    back = story.tell(cancelled())

    assert [each.charge for each in picture(back).lines] == ["FUEL", "LINEHAUL"]
    assert line(back).expected == usd("500.00")


def test_a_name_is_nobody_else_s_where_its_charge_was_posted_under_another_since() -> None:
    names = Names({"LINEHAUL": posted_for("told"), "LINEHAUL/2": posted_for("billed", "told")})

    assert names.of_claim(ChargeKind.LINEHAUL, ("billed", "told")) == "LINEHAUL/2"
    assert names.of_claim(ChargeKind.LINEHAUL, ("another",)) == "LINEHAUL/3"
    assert names.of_expected(ChargeKind.LINEHAUL) == "LINEHAUL"


def posted_for(*claims: str) -> Accrued:
    """A posting of these charges."""
    return Accrued(
        revision=1,
        company_code="1000",
        amount=usd("1.00"),
        business_date=DELIVERY_DAY,
        claims=claims,
    )


def test_a_state_of_an_earlier_release_is_told_what_it_posted_for_which_charge() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())))
    story.tell(billed(charge("500.00"), charge("40.00", STOP), charge("41.00", STOP)))
    story.tell(billed(charge("510.00"), number="I-2"))
    obey(story, story.tell(delivered()))
    older = without_claims(story.state)

    lifted = decode_state(SUBSCRIBER, 1, older)
    story.state = lifted
    back = story.tell(cancelled())

    assert {name: each.claims for name, each in lifted.accrued.items()} == {
        "LINEHAUL": ("ROAD/I-1/LINEHAUL/1",),
        "LINEHAUL/2": ("ROAD/I-2/LINEHAUL/1",),
        "STOP_OFF": (),
        "STOP_OFF/2": (),
    }
    assert accruals(back) == [
        ("LINEHAUL", "I-1", 0),
        ("STOP_OFF", "I-1", 0),
        ("STOP_OFF/2", "I-1", 0),
    ]


def without_claims(state: Settlement) -> bytes:
    """Write a state as schema 1 had it."""
    raw = msgspec.json.decode(encode_state(state))
    for each in raw["accrued"].values():
        del each["claims"]
    return msgspec.json.encode(raw)
