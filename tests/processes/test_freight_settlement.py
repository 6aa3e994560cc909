"""A load's money: expected, claimed, agreed, accrued, invoiced, each once and with its proof."""

from crossdock.canonical.freight import ChargeKind
from crossdock.messages.envelope import ErpCommand
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    ChargeConfirmed,
    FreightSettled,
    LineState,
    PostFreightInvoice,
    Proven,
    ReleaseBilling,
    Share,
    ShareFreightInvoice,
)
from tests.processes.freight_settlement_world import (
    AS_CHARGED,
    BILLED,
    DELIVERY_DAY,
    RULES,
    begin,
    billed,
    charge,
    commands,
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
)

FUEL = ChargeKind.FUEL


def accrual(name: str, amount: str) -> AccrueFreight:
    """What the ERP is asked to accrue first, for the one order of the load."""
    kind = ChargeKind(name)
    return AccrueFreight(
        load_id="LO-1",
        charge=name,
        kind=kind,
        carrier_scac="ROAD",
        amount=usd(amount),
        before=usd("0.00"),
        revision=1,
        business_date=DELIVERY_DAY,
        shares=(Share(order_id="SO-1", amount=usd(amount)),),
        proofs=(
            Proven(
                condition="milestone_validated",
                at=hour(0),
                said="SO-1 on SH-1 was delivered at 2026-03-27T10:00:00+00:00",
            ),
            Proven(
                condition="charge_confirmed",
                at=hour(0),
                said=f"ROAD billed {amount} USD by invoice I-1: as expected (tender) "
                "(tolerance.default)",
            ),
        ),
        rule="tolerance.default",
        company_code="1000",
        invoice_id="I-1",
    )


def test_nothing_is_said_of_a_load_nobody_charges_for() -> None:
    story = begin()

    assert story.tell(planned(), delivered()) == []
    assert story.stage == "open"


def test_a_bill_as_offered_is_agreed_and_waits_for_the_delivery() -> None:
    story = begin()
    story.tell(planned())

    said = story.tell(billed())

    assert kinds(said) == [
        "ChargeConfirmed",
        "ChargeConfirmed",
        "FreightPictureChanged",
        "SetTimer",
    ]
    assert said[1] == ChargeConfirmed(
        load_id="LO-1",
        charge="LINEHAUL",
        kind=ChargeKind.LINEHAUL,
        amount=usd("500.00"),
        revision=1,
        rule="tolerance.default",
        rules=RULES.digest,
    )
    assert line(said).missing == ("milestone_validated",)
    assert story.stage == "confirmed"


def test_the_delivery_accrues_what_is_agreed_with_its_proofs() -> None:
    story = begin()
    story.tell(planned(), billed())

    said = story.tell(delivered())

    assert commands(said) == [accrual("FUEL", "57.21"), accrual("LINEHAUL", "500.00")]


def test_the_invoice_follows_when_all_it_charges_stands_accrued() -> None:
    story = begin()
    story.tell(planned(), billed())

    said = obey(story, story.tell(delivered()))

    payable = usd("557.21")
    assert commands(said) == [
        PostFreightInvoice(
            load_id="LO-1",
            invoice_id="I-1",
            carrier_scac="ROAD",
            billed=payable,
            payable=payable,
            revision=1,
            business_date=DELIVERY_DAY,
            charges=("FUEL", "LINEHAUL"),
            shares=(Share(order_id="SO-1", amount=payable),),
            rule="tolerance.default",
            company_code="1000",
        ),
        ShareFreightInvoice(
            load_id="LO-1",
            invoice_id="I-1",
            carrier_scac="ROAD",
            billed=payable,
            payable=payable,
            revision=1,
            document="D-ROAD/I-1-1",
            business_date=DELIVERY_DAY,
        ),
    ]
    assert [each for each in said if isinstance(each, FreightSettled)] == [
        FreightSettled(load_id="LO-1", totals=(payable,), revision=1)
    ]
    assert {each.charge: each.state for each in picture(said).lines} == {
        "FUEL": LineState.INVOICED,
        "LINEHAUL": LineState.INVOICED,
    }


def test_an_ordinary_load_costs_three_pictures() -> None:
    story = begin()
    said = story.tell(planned(), billed())
    said += story.tell(delivered())
    said += obey(story, said)

    assert kinds(said).count("FreightPictureChanged") == 3
    assert story.stage == "settled"


def test_what_was_said_is_not_said_again() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    assert story.tell(planned(), billed(), delivered()) == []


def test_the_order_is_billed_when_its_freight_has_come_to_its_end() -> None:
    story = begin(BILLED)
    story.tell(planned(), billed())

    said = obey(story, story.tell(delivered()))

    assert [each for each in said if isinstance(each, ReleaseBilling)] == [
        ReleaseBilling(
            order_id="SO-1",
            load_id="LO-1",
            freight=usd("557.21"),
            revision=1,
            company_code="1000",
        )
    ]


def test_the_erp_hears_of_a_loads_money_in_one_line() -> None:
    story = begin(BILLED)
    story.tell(planned(), billed())

    first = story.tell(delivered())
    then = obey(story, first)

    to_erp = [each for each in (*commands(first), *commands(then)) if isinstance(each, ErpCommand)]
    assert {type(each) for each in to_erp} == {AccrueFreight, PostFreightInvoice, ReleaseBilling}
    assert {each.sequence_key() for each in to_erp} == {"settlement/LO-1"}


def test_charges_told_without_an_invoice_are_accrued_and_wait_for_it() -> None:
    story = begin(AS_CHARGED)
    story.tell(planned(carried=shipment(charges=())), told(charge("13.78")))

    obey(story, story.tell(delivered()))

    assert ledger(story) == {"LINEHAUL": 1378}
    assert story.stage == "accrued"


def test_the_invoice_of_what_was_told_before_is_the_same_charge() -> None:
    story = begin()
    story.tell(planned(), told(charge("500.00"), charge("57.21", FUEL)))
    obey(story, story.tell(delivered()))

    said = story.tell(billed())

    assert [type(each) for each in commands(said)] == [PostFreightInvoice]
    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 50000}
