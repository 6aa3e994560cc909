"""A load of several companies: each part goes to the ERP of its orders, once and to the cent."""

from decimal import Decimal

from crossdock.canonical.freight import ChargeKind
from crossdock.messages.flow import AnswerKind
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightPosted,
    FreightSettled,
    LineState,
    PostFreightInvoice,
    ReleaseBilling,
    Share,
    ShareFreightInvoice,
)
from crossdock.policies.rules import Rules
from crossdock.ports import Emission
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    BILLED,
    DELIVERY_DAY,
    RULES,
    answer,
    begin,
    billed,
    charge,
    commands,
    corrected,
    delivered,
    ledger,
    line,
    obey,
    planned,
    usd,
    withdrawn,
)

FUEL = ChargeKind.FUEL
OURS = planned()
THEIRS = planned("SO-2", company_code="2000", weight_kg=Decimal(50))


def accruals(said: list[Emission]) -> list[tuple[str, str, int, tuple[Share, ...]]]:
    """What is accrued: company, charge, amount, and for whom."""
    return [
        (each.company_code, each.charge, each.amount.minor, each.shares)
        for each in said
        if isinstance(each, AccrueFreight)
    ]


def share(order_id: str, amount: str) -> tuple[Share, ...]:
    """One order's part."""
    return (Share(order_id=order_id, amount=usd(amount)),)


def together(rules: Rules = RULES) -> tuple[Story[Settlement, Rules], list[Emission]]:
    """A load of two companies that is billed and delivered, and what is said then."""
    story = begin(rules)
    story.tell(OURS, THEIRS, billed(), delivered())
    return story, story.tell(delivered("SO-2"))


def test_each_company_accrues_the_part_of_its_own_orders() -> None:
    _, said = together()

    assert accruals(said) == [
        ("1000", "FUEL@1000", 3814, share("SO-1", "38.14")),
        ("2000", "FUEL@2000", 1907, share("SO-2", "19.07")),
        ("1000", "LINEHAUL@1000", 33333, share("SO-1", "333.33")),
        ("2000", "LINEHAUL@2000", 16667, share("SO-2", "166.67")),
    ]


def test_the_invoice_is_posted_in_parts_and_told_to_the_tms_once_and_whole() -> None:
    story, said = together()

    said += obey(story, said)

    posted = [each for each in said if isinstance(each, PostFreightInvoice)]
    assert [(each.part, each.payable, each.charges, each.shares) for each in posted] == [
        ("1000", usd("371.47"), ("FUEL@1000", "LINEHAUL@1000"), share("SO-1", "371.47")),
        ("2000", usd("185.74"), ("FUEL@2000", "LINEHAUL@2000"), share("SO-2", "185.74")),
    ]
    assert {(each.billed, each.company_code == each.part) for each in posted} == {
        (usd("557.21"), True)
    }
    assert len({each.business_key() for each in posted}) == 2
    assert [each for each in said if isinstance(each, ShareFreightInvoice)] == [
        ShareFreightInvoice(
            load_id="LO-1",
            invoice_id="I-1",
            carrier_scac="ROAD",
            billed=usd("557.21"),
            payable=usd("557.21"),
            revision=2,
            document="D-ROAD/I-1@1000-1, D-ROAD/I-1@2000-1",
            business_date=DELIVERY_DAY,
        )
    ]
    assert [each.totals for each in said if isinstance(each, FreightSettled)] == [(usd("557.21"),)]
    assert line(said).posted == usd("500.00")
    assert line(said).state is LineState.INVOICED
    told = [each for each in said if isinstance(each, FreightPosted) and each.invoice_id == "I-1"]
    assert [(each.posting, each.part, each.amount) for each in told if not each.charge] == [
        ("erp.post_freight_invoice", "1000", usd("371.47")),
        ("erp.post_freight_invoice", "2000", usd("185.74")),
        ("tms.share_freight_invoice", "", usd("557.21")),
    ]


def test_a_refusal_in_one_company_holds_the_other_up_in_nothing_but_the_copy() -> None:
    story, said = together()
    asked = [each for each in said if isinstance(each, AccrueFreight)]
    heard = list[Emission]()
    for each in asked:
        kind = AnswerKind.REFUSED if each.company_code == "2000" else AnswerKind.APPLIED
        heard += story.tell(answer(each, kind, "cost centre closed"))

    assert [
        (each.part, each.payable)
        for each in commands(heard)
        if isinstance(each, PostFreightInvoice)
    ] == [("1000", usd("371.47"))]
    assert len(commands(heard)) == 1
    assert ledger(story) == {
        "FUEL@1000": 3814,
        "FUEL@2000": 0,
        "LINEHAUL@1000": 33333,
        "LINEHAUL@2000": 0,
    }


def test_a_correction_moves_each_company_by_its_part() -> None:
    story, said = together()
    obey(story, said)

    said = story.tell(corrected(charge("501.00"), charge("57.21", FUEL)))

    assert accruals(said) == [
        ("1000", "LINEHAUL@1000", 33400, share("SO-1", "334.00")),
        ("2000", "LINEHAUL@2000", 16700, share("SO-2", "167.00")),
    ]


def test_the_part_of_an_order_that_left_goes_to_the_company_that_stays() -> None:
    story, said = together()
    obey(story, said)

    said = story.tell(withdrawn("SO-2"))
    said += obey(story, said)

    assert {name: minor for name, minor in ledger(story).items() if minor} == {
        "FUEL@1000": 5721,
        "LINEHAUL@1000": 50000,
    }
    assert [
        (each.part, each.payable.minor) for each in said if isinstance(each, PostFreightInvoice)
    ] == [("1000", 55721), ("2000", 0)]
    assert story.stage == "settled"


def test_a_company_that_comes_later_leaves_the_first_ones_names_as_they_are() -> None:
    story = begin()
    story.tell(OURS, billed())
    obey(story, story.tell(delivered()))
    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 50000}

    said = story.tell(THEIRS)  # not delivered yet: nothing stands until it is
    obey(story, said)
    assert {name: each for name, each in ledger(story).items() if each} == {}
    obey(story, story.tell(delivered("SO-2")))

    assert ledger(story) == {
        "FUEL": 3814,
        "FUEL@2000": 1907,
        "LINEHAUL": 33333,
        "LINEHAUL@2000": 16667,
    }
    assert story.stage == "settled"


def test_each_order_is_billed_by_its_own_company() -> None:
    story, said = together(BILLED)

    said += obey(story, said)

    assert [
        (each.order_id, each.company_code, each.freight)
        for each in said
        if isinstance(each, ReleaseBilling)
    ] == [("SO-1", "1000", usd("371.47")), ("SO-2", "2000", usd("185.74"))]


def test_an_order_that_names_no_company_goes_with_the_first_that_does() -> None:
    story = begin()
    nameless = planned("SO-0", company_code="", weight_kg=Decimal(50))
    story.tell(nameless, OURS, billed(), delivered())

    said = story.tell(delivered("SO-0"))

    assert [each[:3] for each in accruals(said)] == [
        ("1000", "FUEL", 5721),
        ("1000", "LINEHAUL", 50000),
    ]
