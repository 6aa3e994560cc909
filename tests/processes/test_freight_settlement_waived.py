"""What the ERP refused and a person waived: it does not stand, and nothing is built upon it."""

from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from crossdock.canonical.freight import ChargeKind
from crossdock.messages.envelope import Body, Command
from crossdock.messages.flow import AnswerKind, ExceptionRetried, ExceptionWaived
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightClaimBound,
    FreightNotPosted,
    FreightVerdict,
    LineState,
    PostFreightInvoice,
    ReleaseBilling,
    ShareFreightInvoice,
)
from crossdock.messages.teams import Team
from crossdock.policies.freight import FreightPolicy, ToleranceRow, UnexpectedRow
from crossdock.policies.rules import Rules
from crossdock.ports import CloseException, DropEffect, Emission, OpenException
from crossdock.processes.freight_settlement import SUBSCRIBER
from crossdock.processes.freight_settlement_let_go import keep_what_stands
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    BILLED,
    OFFERED,
    answer,
    begin,
    billed,
    cancelled,
    charge,
    commands,
    corrected,
    delivered,
    hour,
    ledger,
    line,
    obey,
    picture,
    planned,
    told,
    usd,
    word,
)

FUEL = "57.21"
TAKEN = Rules(
    freight=FreightPolicy(
        unexpected=(UnexpectedRow(rule_id="freight.as-charged", take="accept_as_charged"),),
        billing="held",
    ),
    tolerances=(ToleranceRow(rule_id="freight.wide", over_amount="9999", over_per_cent="9999"),),
)
WAITS = Rules(freight=FreightPolicy(billing="held", billing_waived="wait"))
FLAG = "500.00 USD of it stands accrued: the ERP refused the rest, and it was waived"
RETRIED = ExceptionRetried(code="FREIGHT_NOT_POSTED", by="ann", reason="the account is open")

WAIVED = ": the ERP refused it, and the posting was waived"

Told = Story[Settlement, Rules]
E = TypeVar("E")


def let_go(
    rules: Rules = BILLED, *, claims: tuple[FreightClaimBound, ...] = (told(*OFFERED),)
) -> tuple[Told, list[Emission]]:
    """Deliver a load of which the ERP refuses the fuel, and waive that; what was said then."""
    story = begin(rules)
    story.tell(planned())
    story.tell(*claims)
    said = story.tell(delivered())
    return story, waive(story, said, "FUEL")


def waive(story: Told, said: list[Emission], *refused: str) -> list[Emission]:
    """Obey all but the accruals of these charges, which are refused and waived."""
    heard = list[Emission]()
    waiting = commands(said)
    while waiting:
        asked = waiting.pop(0)
        if isinstance(asked, AccrueFreight) and asked.charge in refused:
            heard += story.tell(answer(asked, AnswerKind.REFUSED, "the account is closed"))
            more = story.tell(structs.replace(answer(asked, AnswerKind.WAIVED), document=""))
        else:
            more = story.tell(answer(asked))
        heard += more
        waiting += commands(more)
    return heard


def of(kind: type[E], said: list[Emission]) -> list[E]:
    """What was said of a kind."""
    return [each for each in said if isinstance(each, kind)]


def release(revision: int, flagged: str, accrued: str = "") -> ReleaseBilling:
    """Let the order be billed with all of its freight."""
    return ReleaseBilling(
        order_id="SO-1",
        load_id="LO-1",
        freight=usd("557.21"),
        revision=revision,
        flagged=flagged,
        accrued=usd(accrued) if accrued else None,
        company_code="1000",
    )


def accruals(said: list[Emission]) -> list[tuple[str, str, int, int]]:
    """What is accrued: charge, business revision, before and after in cents."""
    return [
        (each.charge, each.version(), each.before.minor, each.amount.minor)
        for each in said
        if isinstance(each, AccrueFreight)
    ]


def test_what_was_waived_does_not_stand_and_the_order_is_billed_with_a_flag() -> None:
    story, said = let_go()

    assert ledger(story) == {"FUEL": 0, "LINEHAUL": 50000}
    assert of(ReleaseBilling, said) == [release(1, FLAG, "500.00")]
    fuel = line(said, "FUEL")
    assert (fuel.state, fuel.confirmed, fuel.posted) == (LineState.WAIVED, usd(FUEL), usd("0.00"))
    assert picture(said).notes == (
        f"FUEL is accrued with 0.00 USD, not 57.21 USD{WAIVED}",
        f"SO-1 is billed: {FLAG}",
    )
    assert picture(said).state == "waived"


def test_finance_is_asked_about_what_was_waived_until_it_lets_it_be() -> None:
    story, said = let_go()

    assert of(OpenException, said) == [
        OpenException(
            code="FREIGHT_NOT_POSTED",
            team=Team.FINANCE,
            cause="The ledger is not as agreed about load LO-1, for the ERP refused it and the "
            "posting was waived: FUEL is accrued with 0.00 USD, not 57.21 USD",
            action="Have the ERP mended, then retry: it is posted anew, and the invoice that waits "
            "for it after it; or book it by hand and waive this: it stays as it is",
            about=("LO-1", "SH-1", "SO-1"),
        )
    ]
    assert of(FreightNotPosted, said) == [
        FreightNotPosted(
            load_id="LO-1",
            posting="erp.accrue",
            charge="FUEL",
            amount=usd(FUEL),
            revision=1,
            endpoint="erp",
            carrier_scac="ROAD",
        )
    ]
    waived = ExceptionWaived(code="FREIGHT_NOT_POSTED", by="ann", reason="booked by hand")
    assert story.tell(waived, told(*OFFERED)) == []


def test_by_another_policy_the_order_waits_for_its_time_and_then_says_what_stands() -> None:
    story, said = let_go(WAITS)

    assert of(ReleaseBilling, said) == []
    late = story.wait_until(hour(73))
    assert of(ReleaseBilling, late) == [release(1, "the freight was not certain in time", "500.00")]


def test_by_another_policy_persons_release_the_order_and_it_says_what_stands() -> None:
    story, _ = let_go(WAITS)

    story.tell(word(FreightVerdict.RELEASE, "ann"))
    said = story.tell(word(FreightVerdict.RELEASE, "ben"))

    flag = "released by ann and ben before the freight was certain"
    assert of(ReleaseBilling, said) == [release(1, flag, "500.00")]


def test_a_retry_undoes_the_waiver_and_the_order_is_billed_without_a_flag() -> None:
    story, _ = let_go()

    said = story.tell(RETRIED)
    assert accruals(said) == [("FUEL", "2", 0, 5721)]
    then = obey(story, said)

    assert of(ReleaseBilling, then) == [release(2, "")]
    assert of(OpenException, then) == []
    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 50000}


def test_what_never_stood_is_not_reversed() -> None:
    story, _ = let_go()

    said = story.tell(delivered(revision=2, really=False))

    assert accruals(said) == [("LINEHAUL", "2", 50000, 0)]
    obey(story, said)
    assert ledger(story) == {"FUEL": 0, "LINEHAUL": 0}


def test_a_correction_of_what_was_waived_is_posted_from_what_stands() -> None:
    story, _ = let_go()

    said = story.tell(told(charge("500.00"), charge("58.00", ChargeKind.FUEL), revision=2))

    assert accruals(said) == [("FUEL", "2", 0, 5800)]
    obey(story, said)
    assert ledger(story) == {"FUEL": 5800, "LINEHAUL": 50000}


def adjusted() -> tuple[Told, list[Emission]]:
    """Accrue a load; its fuel is corrected, and the adjustment is refused and waived."""
    story = begin(BILLED)
    story.tell(planned(), told(*OFFERED))
    obey(story, story.tell(delivered()))
    dearer = told(charge("500.00"), charge("58.00", ChargeKind.FUEL), revision=2)
    return story, waive(story, story.tell(dearer), "FUEL")


def test_where_an_adjustment_was_waived_the_earlier_amount_stands() -> None:
    story, said = adjusted()

    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 50000}
    flag = "557.21 USD of it stands accrued: the ERP refused the rest, and it was waived"
    assert of(ReleaseBilling, said) == [
        structs.replace(release(2, flag, "557.21"), freight=usd("558.00"))
    ]


def test_what_goes_back_to_what_stands_is_not_told_again() -> None:
    story, _ = adjusted()

    said = story.tell(told(*OFFERED, revision=3))

    assert accruals(said) == []
    assert of(ReleaseBilling, said) == [release(3, "")]
    assert line(said, "FUEL").state is LineState.ACCRUED
    assert of(CloseException, said) == [
        CloseException(
            code="FREIGHT_NOT_POSTED",
            because="what was waived is posted after all, or wanted no more",
        )
    ]


def test_what_was_refused_and_goes_back_to_what_stands_is_dropped() -> None:
    story = begin(BILLED)
    story.tell(planned(), told(*OFFERED))
    obey(story, story.tell(delivered()))
    dearer = told(charge("500.00"), charge("58.00", ChargeKind.FUEL), revision=2)
    (asked,) = of(AccrueFreight, story.tell(dearer))
    story.tell(answer(asked, AnswerKind.REFUSED, "the account is closed"))

    said = story.tell(told(*OFFERED, revision=3))

    assert commands(said) == []
    assert [each.version for each in said if isinstance(each, DropEffect)] == ["2"]


def test_a_reversal_that_was_waived_leaves_what_stands_and_billing_ends() -> None:
    story = begin(BILLED)
    story.tell(planned(), told(*OFFERED))
    obey(story, story.tell(delivered()))
    said = waive(story, story.tell(delivered(revision=2, really=False)), "FUEL")

    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 0}
    assert [each.reversed_ for each in said if isinstance(each, ReleaseBilling)] == []
    assert line(said, "FUEL").posted == usd(FUEL)
    assert accruals(story.tell(RETRIED)) == [("FUEL", "3", 5721, 0)]


def test_an_invoice_waits_for_what_was_waived_and_the_order_does_not() -> None:
    story, said = let_go(claims=(billed(),))

    assert of(PostFreightInvoice, said) == []
    assert of(ReleaseBilling, said) == [release(1, FLAG, "500.00")]
    assert [each.state for each in picture(said).invoices] == ["waived"]

    then = obey(story, story.tell(RETRIED))
    (posted,) = of(PostFreightInvoice, then)
    assert (posted.payable, posted.charges) == (usd("557.21"), ("FUEL", "LINEHAUL"))


def refused_invoice() -> tuple[Told, list[Emission]]:
    """Accrue a load whose invoice the ERP refuses, and waive that."""
    story = begin(BILLED)
    story.tell(planned(), billed())
    waiting, heard = commands(story.tell(delivered())), list[Emission]()
    while waiting:
        asked = waiting.pop(0)
        kind = AnswerKind.APPLIED
        if isinstance(asked, PostFreightInvoice):
            heard += story.tell(answer(asked, AnswerKind.REFUSED, "the supplier is blocked"))
            kind = AnswerKind.WAIVED
        more = story.tell(structs.replace(answer(asked, kind), document=""))
        heard += more
        waiting += commands(more)
    return story, heard


def test_an_invoice_that_was_waived_is_not_posted_nor_told_to_the_tms() -> None:
    _, said = refused_invoice()

    assert of(ShareFreightInvoice, said) == []
    assert of(ReleaseBilling, said) == [release(1, "")]
    assert {each.state for each in picture(said).lines} == {LineState.ACCRUED}
    assert [each.state for each in picture(said).invoices] == ["waived"]
    assert picture(said).state == "accrued"
    (asked,) = of(FreightNotPosted, said)
    assert (asked.posting, asked.invoice_id) == ("erp.post_freight_invoice", "I-1")


def test_an_invoice_that_was_waived_is_posted_when_finance_retries() -> None:
    story, _ = refused_invoice()

    then = story.tell(RETRIED)
    assert [each.version() for each in commands(then)] == ["2"]
    shared = of(ShareFreightInvoice, obey(story, then))
    assert [each.payable for each in shared] == [usd("557.21")]


def test_an_invoice_that_was_waived_and_is_cancelled_needs_no_taking_back() -> None:
    story, _ = refused_invoice()

    then = obey(story, story.tell(cancelled()))

    assert of(PostFreightInvoice, then) == []
    assert of(ShareFreightInvoice, then) == []
    assert ledger(story) == {"FUEL": 0, "LINEHAUL": 0}


def test_a_release_that_was_waived_needs_no_taking_back() -> None:
    story = begin(BILLED)
    story.tell(planned(), told(*OFFERED))
    said = [one for each in commands(story.tell(delivered())) for one in story.tell(answer(each))]
    (asked,) = of(ReleaseBilling, said)
    story.tell(answer(asked, AnswerKind.REFUSED, "no such order"))

    waived = story.tell(answer(asked, AnswerKind.WAIVED))
    then = story.tell(delivered(revision=2, really=False))

    assert picture(waived).notes == (
        f"order SO-1 is not billed, and should be with 557.21 USD{WAIVED}",
    )
    assert of(ReleaseBilling, then) == []


def test_shares_that_were_waived_leave_those_that_stand() -> None:
    """Two orders bear a load; one leaves, and the ERP refuses to move its part to the other."""
    story = begin(BILLED)
    story.tell(planned(), planned("SO-2"), told(*OFFERED))
    obey(story, story.tell(delivered(), delivered("SO-2")))
    heavier = structs.replace(planned(), weight_kg=300, revision=2)

    said = waive(story, story.tell(heavier), "FUEL", "LINEHAUL")

    assert {name: each.standing for name, each in story.state.accrued.items()} == {
        "FUEL": {"SO-1": 2861, "SO-2": 2860},
        "LINEHAUL": {"SO-1": 25000, "SO-2": 25000},
    }
    releases = {each.order_id: each for each in said if isinstance(each, ReleaseBilling)}
    assert {name: (each.freight, each.accrued) for name, each in releases.items()} == {
        "SO-1": (usd("417.91"), usd("278.61")),
        "SO-2": (usd("139.30"), usd("278.60")),
    }


def test_a_state_of_schema_2_keeps_what_stands_and_not_what_was_waived() -> None:
    older = {
        "load_id": "LO-1",
        "accrued": {
            "LINEHAUL": {"revision": 1, "settled": 1, "shares": {"SO-1": 5}, "stood": 5},
            "FUEL": {"revision": 1, "settled": 1, "refused": 1, "shares": {"SO-1": 7}, "stood": 7},
            "TOLL": {"revision": 2, "settled": 1, "shares": {"SO-1": 9}, "stood": 3},
        },
        "paid": {
            "ROAD/I-1": {"revision": 1, "settled": 1, "stood": 5, "charges": ["LINEHAUL"]},
            "ROAD/I-2": {
                "revision": 1,
                "settled": 1,
                "refused": 1,
                "stood": 7,
                "charges": ["FUEL"],
            },
        },
        "released": {
            "SO-1": {"revision": 1, "settled": 1, "freight": 5, "flagged": "late"},
            "SO-2": {"revision": 2, "settled": 2, "freight": 0, "reversed_": True, "gone": True},
        },
    }

    newer = keep_what_stands(older)

    assert {name: each.get("standing") for name, each in newer["accrued"].items()} == {
        "LINEHAUL": {"SO-1": 5},
        "FUEL": None,
        "TOLL": {"": 3},
    }
    paid = {name: (each["stood"], each.get("cleared")) for name, each in newer["paid"].items()}
    assert paid == {"ROAD/I-1": (5, ["LINEHAUL"]), "ROAD/I-2": (0, None)}
    assert {name: each.get("stood") for name, each in newer["released"].items()} == {
        "SO-1": 5,
        "SO-2": None,
    }
    assert newer["released"]["SO-1"]["stood_flagged"] == "late"
    assert not any("gone" in each for each in newer["released"].values())
    assert SUBSCRIBER.schema == 3


class Books:
    """An ERP that takes or refuses what it is asked in its order, and people who decide of that."""

    def __init__(self, story: Told) -> None:
        """Begin with empty books."""
        self.story = story
        self.asked: list[Command] = []
        self.stuck: list[Command] = []
        self.accrued: dict[str, dict[str, int]] = {}
        self.billed: dict[str, ReleaseBilling] = {}
        self.paid: dict[str, int] = {}

    def tell(self, body: Body) -> None:
        """Let the load hear of it; what it asks for waits, what it drops is not asked any more."""
        said = self.story.tell(body)
        self.asked += [each for each in commands(said) if each.verb.startswith("erp.")]
        dropped = {(each.verb, each.business_key) for each in of(DropEffect, said)}
        self.stuck = [each for each in self.stuck if _name(each) not in dropped]

    def take(self) -> None:
        """Do the next that was asked for, from what stands."""
        if self.asked:
            self._book(self.asked.pop(0))

    def refuse(self) -> None:
        """Refuse the next that was asked for."""
        if self.asked:
            self.stuck.append(self.asked.pop(0))
            self.tell(answer(self.stuck[-1], AnswerKind.REFUSED, "the account is closed"))

    def waive(self) -> None:
        """Let go what was refused."""
        if self.stuck:
            self.tell(structs.replace(answer(self.stuck.pop(0), AnswerKind.WAIVED), document=""))

    def mend(self) -> None:
        """Send again what was refused, and it is taken."""
        if self.stuck:
            self._book(self.stuck.pop(0))

    def _book(self, asked: Command) -> None:
        match asked:
            case AccrueFreight():
                stood = sum(self.accrued.get(asked.charge, {}).values())
                assert asked.before.minor == stood
                shares = {each.order_id: each.amount.minor for each in asked.shares}
                assert shares != self.accrued.get(asked.charge, {})
                self.accrued[asked.charge] = shares
            case PostFreightInvoice():
                accrued = sum(sum(self.accrued[each].values()) for each in asked.charges)
                assert asked.payable.minor == accrued
                self.paid[asked.invoice_id] = asked.payable.minor
            case ReleaseBilling():
                self._bill(asked)
            case _:
                raise AssertionError(asked)
        self.tell(answer(asked))

    def _bill(self, asked: ReleaseBilling) -> None:
        assert not asked.reversed_ or not self.billed[asked.order_id].reversed_
        stands = sum(each.get(asked.order_id, 0) for each in self.accrued.values())
        if not asked.reversed_ and (asked.accrued is not None or not asked.flagged):
            assert (asked.accrued or asked.freight).minor == stands
        self.billed[asked.order_id] = asked


def _name(asked: Command) -> tuple[str, str]:
    return asked.verb, asked.business_key()


def happenings(number: int) -> dict[str, Body]:
    """What may happen to a load, with a number by which it is another each time."""
    fuel = charge(f"{number}.00", ChargeKind.FUEL)
    return {
        "told": told(charge("500.00"), fuel, revision=number),
        "corrected": corrected(charge("500.00"), fuel, at=number),
        "delivered": delivered(revision=number),
        "delivered too": delivered("SO-2", revision=number),
        "not delivered": delivered(revision=number, really=False),
        "heavier": planned(weight_kg=100 + number, revision=number),
        "retried": RETRIED,
    }


STEPS = st.sampled_from(
    [*happenings(1), *["take"] * 5, "refuse", "refuse", "waive", "waive", "mend"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_what_is_believed_to_stand_is_what_stands_whatever_is_refused_and_waived(
    steps: list[str],
) -> None:
    story = begin(TAKEN)
    books = Books(story)
    for known in (planned(), planned("SO-2"), billed(charge("500.00"))):
        books.tell(known)
    for number, step in enumerate(steps, start=2):
        if (body := happenings(number).get(step)) is not None:
            books.tell(body)
        else:
            getattr(books, step)()

        state = story.state
        assert {name: each.standing for name, each in state.accrued.items() if each.standing} == {
            name: each for name, each in books.accrued.items() if each
        }
        assert {name: each.stood for name, each in state.paid.items() if each.stood} == {
            f"ROAD/{name}": each for name, each in books.paid.items() if each
        }
        assert {name: each.stood for name, each in state.released.items() if each.stood} == {
            name: each.freight for name, each in books.billed.items() if not each.reversed_
        }
