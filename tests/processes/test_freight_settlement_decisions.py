"""Where money needs a person: variances, doubles, disputes, and who may decide what."""

from datetime import UTC, datetime
from functools import partial

import pytest
from msgspec import structs

from crossdock.canonical.freight import ChargeKind, FreightCharge
from crossdock.canonical.money import decimal_text
from crossdock.messages.flow import AnswerKind, ExceptionRetried, ExceptionWaived
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightPosted,
    FreightSettled,
    FreightVerdict,
    LineState,
    PostFreightInvoice,
    ReleaseBilling,
    ShareFreightInvoice,
)
from crossdock.policies.freight import ExchangeRate, FreightPolicy
from crossdock.policies.rules import Rules
from crossdock.ports import DropEffect, Emission
from tests.processes.freight_settlement_world import (
    AS_CHARGED,
    BILLED,
    answer,
    begin,
    billed,
    cancelled,
    charge,
    commands,
    corrected,
    delivered,
    hour,
    kinds,
    ledger,
    line,
    obey,
    picture,
    planned,
    shipment,
    told,
    usd,
    withdrawn,
    word,
)

FUEL = ChargeKind.FUEL
HIGH = (charge("602.19"), charge("57.21", FUEL))


def amounts(said: list[Emission]) -> list[tuple[str, str, str]]:
    """What the ERP is asked to accrue: the line, what stood, what shall stand."""
    return [
        (each.charge, str(each.before.minor), str(each.amount.minor))
        for each in said
        if isinstance(each, AccrueFreight)
    ]


def test_a_bill_too_high_waits_for_finance_with_its_variance() -> None:
    story = begin()
    story.tell(planned(), delivered())

    said = story.tell(billed(*HIGH))

    held = line(said)
    assert (held.state, held.variance) == (LineState.UNDER_REVIEW, usd("102.19"))
    assert held.because == (
        "102.19 USD off the expected 500.00 USD (tender), outside tolerance.default"
    )
    assert amounts(said) == [("FUEL", "0", "5721")]
    assert list(story.exceptions) == ["FREIGHT_UNDER_REVIEW"]


def test_both_amount_and_per_cent_must_hold() -> None:
    story = begin()
    story.tell(planned())

    said = story.tell(billed(charge("504.99"), charge("58.90", FUEL)))

    assert [(each.charge, each.state) for each in picture(said).lines] == [
        ("FUEL", LineState.UNDER_REVIEW),  # 1.69 is within 5.00, and 2.95 per cent
        ("LINEHAUL", LineState.CONFIRMED),
    ]


@pytest.mark.parametrize(
    ("charges", "because"),
    [
        ((charge("500.00"), charge("57.21", FUEL), charge("9.00", ChargeKind.DETENTION)), "no DET"),
        ((charge("500.00", currency="EUR"),), "billed in EUR, expected in USD"),
        ((charge("500.00", ChargeKind.UNCLASSIFIED, code="ZZ"),), "nobody knows what the carri"),
    ],
)
def test_what_was_not_expected_so_is_never_taken_unasked(
    charges: tuple[FreightCharge, ...], because: str
) -> None:
    story = begin()
    story.tell(planned())

    said = story.tell(billed(*charges))

    held = [each for each in picture(said).lines if each.state is LineState.UNDER_REVIEW]
    assert [each.because[: len(because)] for each in held] == [because]


def test_weight_and_class_are_compared_too() -> None:
    story = begin()
    offered = charge("500.00", weight_kg=100, freight_class="70")
    story.tell(planned(carried=shipment(charges=(offered,))))

    said = story.tell(billed(charge("500.00", weight_kg=140, freight_class="85")))

    assert line(said).because == (
        "billed for 140 kg, planned 100 kg, and 2 per cent are allowed; "
        "billed as class 85, planned as class 70"
    )


def test_one_price_for_everything_is_met_by_the_sum_of_what_is_billed() -> None:
    story = begin()
    price = charge("557.21", ChargeKind.ALL_IN, charge_id="total")
    story.tell(planned(carried=shipment(charges=(price,))), delivered())

    said = story.tell(billed(charge("519.84"), charge("37.37", FUEL)))

    assert amounts(said) == [("FUEL", "0", "3737"), ("LINEHAUL", "0", "51984")]


def test_a_document_that_disagrees_with_itself_shows_its_variance_all_the_same() -> None:
    story = begin()
    price = charge("557.21", ChargeKind.ALL_IN, charge_id="total")
    story.tell(planned(carried=shipment(charges=(price,))), delivered())

    said = story.tell(billed(charge("659.40"), disagreements=("L3 says 660.00",)))

    held = line(said)
    assert (held.state, held.variance) == (LineState.UNDER_REVIEW, usd("102.19"))
    assert amounts(said) == []


def test_the_same_bill_under_another_number_is_never_paid_unasked() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    said = story.tell(billed(number="I-2"))

    assert line(said, "LINEHAUL/2").because.startswith("it charges the same as invoice I-1")
    assert commands(said) == []


def test_the_same_number_with_other_charges_is_contested_and_the_first_stands() -> None:
    story = begin()
    story.tell(planned(), billed())

    said = story.tell(billed(charge("600.00")))

    assert kinds(said) == ["FreightPictureChanged", "OpenException"]
    assert list(story.exceptions) == ["FREIGHT_INVOICE_CONTESTED"]
    assert line(said).confirmed == usd("500.00")


def test_a_correction_adjusts_what_stands_and_the_invoice_after_it() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    said = story.tell(corrected(charge("501.00"), charge("57.21", FUEL)))
    then = obey(story, said)

    assert amounts(said) == [("LINEHAUL", "50000", "50100")]
    posted = [each for each in then if isinstance(each, PostFreightInvoice)]
    assert [(each.revision, each.payable) for each in posted] == [(2, usd("558.21"))]
    assert [each.settled for each in (*said, *then) if isinstance(each, FreightSettled)] == [
        False,
        True,
    ]


def test_a_cancelled_invoice_takes_everything_back() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    obey(story, story.tell(cancelled()))

    assert ledger(story) == {"FUEL": 0, "LINEHAUL": 0}
    assert story.state.paid["ROAD/I-1"].stood == 0


@pytest.mark.parametrize("gone", [delivered(revision=2, really=False), withdrawn()])
def test_a_delivery_taken_back_or_an_order_that_left_reverses_the_accrual(gone: object) -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    said = story.tell(gone)  # type: ignore[arg-type] # one of two kinds of message

    assert amounts(said) == [("FUEL", "5721", "0"), ("LINEHAUL", "50000", "0")]


def test_an_invoice_whose_charges_do_not_come_to_its_total_waits() -> None:
    story = begin()
    story.tell(planned())

    said = story.tell(billed(total=usd("567.21")))

    assert [each.state for each in picture(said).lines] == [LineState.UNDER_REVIEW] * 2
    assert line(said).because == (
        "its charges sum to 557.21 USD, and it says 567.21 USD; as expected (tender)"
    )


def test_the_first_person_proposes_and_the_second_decides() -> None:
    story = begin()
    story.tell(planned(), delivered(), billed(*HIGH))

    proposed = story.tell(word(FreightVerdict.APPROVE))
    again = story.tell(word(FreightVerdict.APPROVE))
    decided = story.tell(word(FreightVerdict.APPROVE, "ben"))

    assert kinds(proposed) == ["FreightPictureChanged"]
    proposal = line(proposed).proposal
    assert proposal is not None
    assert proposal.by == "ann"
    assert again == []
    assert amounts(decided) == [("LINEHAUL", "0", "60219")]
    assert line(decided).by == "ann, ben"


def test_a_short_payment_pays_what_two_persons_named_and_no_more() -> None:
    story = begin()
    story.tell(planned(), delivered(), billed(*HIGH))
    pay = partial(word, FreightVerdict.SHORT_PAY, charge="LINEHAUL", amount=usd("510.00"))

    said = story.tell(pay(by="ann"), pay(by="ben"))

    assert amounts(said) == [("LINEHAUL", "0", "51000")]


def test_a_decision_about_what_has_changed_since_is_refused_with_the_reason() -> None:
    story = begin()
    story.tell(planned(), billed(*HIGH), corrected(charge("640.00"), charge("57.21", FUEL)))

    said = story.tell(
        word(FreightVerdict.APPROVE, charge="LINEHAUL", seen=usd("602.19")),
    )

    assert kinds(said) == ["OpenException"]
    assert story.exceptions["FREIGHT_DECISION_REFUSED"].cause == (
        "A decision about load LO-1 was not taken: ann wanted to approve LINEHAUL, but it is "
        "640.00 USD by now, and was 602.19 USD when seen"
    )
    assert story.tell(ExceptionWaived(code="FREIGHT_DECISION_REFUSED", by="ann", reason="x")) == []
    assert story.state.refusal == ""


def test_a_word_about_all_that_is_open_is_refused_where_one_charge_has_changed_since() -> None:
    story = begin()
    story.tell(planned(), billed(*HIGH, charge("9.00", ChargeKind.DETENTION)))

    seen = usd("611.19")  # line haul and detention; the fuel is as expected
    first = story.tell(word(FreightVerdict.APPROVE, seen=seen))
    higher = (charge("640.00"), charge("57.21", FUEL), charge("9.00", ChargeKind.DETENTION))
    story.tell(corrected(*higher))
    stale = story.tell(word(FreightVerdict.APPROVE, "ben", seen=seen))

    assert kinds(first) == ["FreightPictureChanged"]
    assert kinds(stale) == ["OpenException"]
    assert story.exceptions["FREIGHT_DECISION_REFUSED"].cause == (
        "A decision about load LO-1 was not taken: ben wanted to approve all that is open, but it "
        "is 649.00 USD by now, and was 611.19 USD when seen"
    )


def test_what_was_approved_before_a_correction_is_not_approved_after_it() -> None:
    story = begin()
    story.tell(planned(), delivered(), billed(*HIGH))
    story.tell(word(FreightVerdict.APPROVE), word(FreightVerdict.APPROVE, "ben"))

    said = story.tell(corrected(charge("640.00"), charge("57.21", FUEL)))

    assert (line(said).state, line(said).confirmed) == (LineState.UNDER_REVIEW, None)
    assert "OpenException" in kinds(said)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (word(FreightVerdict.APPROVE, charge="TOLL"), "load LO-1 has no charge TOLL"),
        (word(FreightVerdict.SHORT_PAY, charge="LINEHAUL"), "it names no amount"),
        (word(FreightVerdict.SETTLE, amount=usd("1.00")), "no charge of it is disputed"),
        (
            word(FreightVerdict.SHORT_PAY, charge="LINEHAUL", amount=usd("700.00")),
            "only 602.19 USD is billed",
        ),
        (word(FreightVerdict.RELEASE, charge="SO-9"), "order SO-9 does not travel on load LO-1"),
    ],
)
def test_a_decision_that_cannot_be_meant_is_refused(said: object, why: str) -> None:
    story = begin()
    story.tell(planned(), billed(*HIGH))

    story.tell(said)  # type: ignore[arg-type] # a person's word

    assert why in story.exceptions["FREIGHT_DECISION_REFUSED"].cause


def test_a_dispute_has_a_clock_and_ends_with_a_settlement() -> None:
    story = begin()
    story.tell(planned(), delivered(), billed(*HIGH))
    said = story.tell(word(FreightVerdict.DISPUTE, charge="LINEHAUL"))
    assert line(said).dispute_until == hour(240)

    story.wait_until(hour(241))
    assert list(story.exceptions) == ["FREIGHT_DISPUTE_OVERDUE"]
    end = partial(word, FreightVerdict.SETTLE, charge="LINEHAUL", amount=usd("520.00"))
    said = story.tell(end(by="ann"), end(by="ben"))

    assert amounts(said) == [("LINEHAUL", "0", "52000")]
    assert story.exceptions == {}


def test_a_posting_the_erp_refused_is_dropped_when_the_charge_changes() -> None:
    story = begin()
    story.tell(planned(), told(charge("500.00")))
    (asked,) = commands(story.tell(delivered()))
    assert story.tell(answer(asked, AnswerKind.REFUSED, "cost centre closed")) == []

    said = story.tell(told(charge("501.00"), revision=2))

    assert [each.version for each in said if isinstance(each, DropEffect)] == ["1"]
    assert amounts(said) == [("LINEHAUL", "0", "50100")]


def test_the_next_posting_waits_until_the_one_before_is_done() -> None:
    story = begin()
    story.tell(planned(), told(charge("500.00")))
    (asked,) = commands(story.tell(delivered()))

    assert commands(story.tell(told(charge("501.00"), revision=2))) == []
    said = story.tell(answer(asked))

    assert amounts(said) == [("LINEHAUL", "50000", "50100")]


def test_an_order_is_billed_flagged_when_its_freight_is_late() -> None:
    story = begin(BILLED)
    story.tell(planned(), delivered())

    said = story.wait_until(hour(73))

    assert [each for each in said if isinstance(each, ReleaseBilling)] == [
        ReleaseBilling(
            order_id="SO-1",
            load_id="LO-1",
            freight=usd("557.21"),
            revision=1,
            flagged="the freight was not certain in time",
            company_code="1000",
        )
    ]


def test_an_order_whose_only_bill_is_taken_back_is_not_billed_without_freight() -> None:
    story = begin(BILLED)
    story.tell(planned(), delivered())
    obey(story, story.tell(billed(*HIGH)))

    back = story.tell(cancelled())
    said = [*back, *obey(story, back)]

    assert amounts(said) == [("FUEL", "5721", "0")]
    assert [each for each in said if isinstance(each, ReleaseBilling)] == []
    assert "billing/SO-1" in story.state.timers


def test_charges_are_converted_at_a_rate_that_is_kept() -> None:
    policy = structs.replace(AS_CHARGED.freight, ledger_currency="EUR")
    rate = ExchangeRate(currency="USD", into="EUR", rate="0.9235", valid_from="2026-03-01")
    story = begin(structs.replace(AS_CHARGED, freight=policy))
    story.tell(planned(carried=shipment(charges=())), told(charge("10.15")))

    assert commands(story.tell(delivered())) == []
    assert list(story.exceptions) == ["FREIGHT_RATE_MISSING"]
    story.rules = structs.replace(AS_CHARGED, freight=policy, exchange_rates=(rate,))
    said = story.tell(ExceptionRetried(code="FREIGHT_RATE_MISSING", by="ann", reason="added"))

    (asked,) = [each for each in said if isinstance(each, AccrueFreight)]
    assert asked.ledger_amount is not None
    assert (asked.ledger_amount.minor, asked.ledger_amount.currency) == (937, "EUR")
    assert (asked.rate, str(asked.rate_date)) == ("0.9235", "2026-03-01")


def test_a_mended_rate_changes_nothing_of_what_is_posted_at_another() -> None:
    policy = structs.replace(AS_CHARGED.freight, ledger_currency="EUR")
    rate = ExchangeRate(currency="USD", into="EUR", rate="0.9235", valid_from="2026-03-01")
    story = begin(structs.replace(AS_CHARGED, freight=policy, exchange_rates=(rate,)))
    story.tell(planned(carried=shipment(charges=())), told(charge("10.15")))
    obey(story, story.tell(delivered()))

    mended = structs.replace(rate, rate="0.9535")
    story.rules = structs.replace(AS_CHARGED, freight=policy, exchange_rates=(mended,))
    said = story.tell(told(charge("10.25"), revision=2))

    asked = [each for each in said if isinstance(each, AccrueFreight)]
    assert [(each.amount, each.rate) for each in asked] == [(usd("10.25"), "0.9235")]


def test_what_changes_after_midnight_keeps_its_day_until_the_month_is_closed() -> None:
    story = begin()
    story.tell(planned(), told(charge("500.00")))
    obey(story, story.tell(delivered()))

    story.at = datetime(2026, 4, 5, 23, 59, tzinfo=UTC)
    open_still = story.tell(told(charge("501.00"), revision=2))
    obey(story, open_still)
    story.at = datetime(2026, 4, 6, tzinfo=UTC)
    closed = story.tell(told(charge("502.00"), revision=3))

    dated = [
        (str(each.business_date), each.amount)
        for each in (*open_still, *closed)
        if isinstance(each, AccrueFreight)
    ]
    assert dated == [("2026-03-27", usd("501.00")), ("2026-04-01", usd("502.00"))]


def test_a_load_nobody_planned_is_asked_about_after_a_day() -> None:
    story = begin(Rules(freight=FreightPolicy()))
    story.tell(billed())
    assert story.exceptions == {}

    story.wait_until(hour(25))

    assert list(story.exceptions) == ["FREIGHT_LOAD_UNPLANNED"]


@pytest.mark.parametrize(("doubted", "posted"), [(True, ["57.21", "500.00"]), (False, [])])
def test_a_posting_that_is_waived_as_done_is_told_as_what_stands(
    doubted: bool,  # noqa: FBT001 - a story's circumstance
    posted: list[str],
) -> None:
    story = begin()
    story.tell(planned(), billed())
    asked = commands(story.tell(delivered()))

    ends = [structs.replace(answer(each, AnswerKind.WAIVED), document="") for each in asked]
    said = story.tell(*(structs.replace(each, doubted=doubted) for each in ends))

    stands = [each for each in said if isinstance(each, FreightPosted)]
    assert [decimal_text(each.amount) for each in stands] == posted
    assert {(each.posting, each.document) for each in stands} <= {("erp.accrue", "")}


def test_a_copy_for_the_tms_that_is_waived_as_done_is_told() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))
    (shared,) = [each for each in story.said if isinstance(each, ShareFreightInvoice)]

    (copy,) = story.tell(structs.replace(answer(shared, AnswerKind.WAIVED), doubted=True))

    assert isinstance(copy, FreightPosted)
    assert (copy.posting, copy.invoice_id) == ("tms.share_freight_invoice", "I-1")
