"""What ledgers hold of a business date against what was posted: every difference, no other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.freight_reconciliation import (
    DifferenceKind,
    FreightReconciled,
    LedgerDifference,
    LedgerLine,
    LedgerLineStrayed,
    LedgerPosting,
    LedgerStanding,
    LedgerStatementReceived,
    LedgerTotal,
    booked,
)
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightPosted,
    PostFreightInvoice,
)
from crossdock.messages.registry import decode
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import CloseException, OpenException, SetTimer
from crossdock.processes.freight_reconciliation import (
    DIFFERS,
    LOOK_AGAIN,
    PATIENCE,
    SUBSCRIBER,
    ReconciliationState,
)
from crossdock.projections.freight_reconciliation import project
from crossdock.testing.story import Story

SUNDAY, MONDAY = date(2026, 3, 29), date(2026, 3, 30)
NIGHT = datetime(2026, 3, 29, 22, tzinfo=UTC)
LATER = NIGHT + timedelta(hours=1)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def accrued(load: str = "L-1", minor: int = 65_940, on: date = SUNDAY) -> FreightPosted:
    """An accrual as the ERP confirmed it."""
    return FreightPosted(
        load_id=load,
        posting="erp.accrue",
        charge="LINEHAUL",
        amount=usd(minor),
        revision=1,
        document=f"ACC-{load}",
        endpoint="erp",
        carrier_scac="ROAD",
        business_date=on,
    )


def held(posted: FreightPosted) -> LedgerLine:
    """The same as the ledger holds it."""
    line = booked(posted)
    assert line is not None
    return line


def asked(minor: int = 65_940, revision: int = 1, load: str = "L-1") -> AccrueFreight:
    """The command that the accrual confirms."""
    return AccrueFreight(
        load_id=load,
        charge="LINEHAUL",
        kind=ChargeKind.LINEHAUL,
        carrier_scac="ROAD",
        amount=usd(minor),
        before=usd(0),
        revision=revision,
        business_date=SUNDAY,
        shares=(),
        proofs=(),
        rule="tolerance",
    )


def statement(
    *lines: LedgerLine, at: datetime = LATER, on: date = SUNDAY, ledger: str = "erp"
) -> LedgerStatementReceived:
    return LedgerStatementReceived(
        ledger=ledger, business_date=on, as_of=at, lines=lines, role=ledger
    )


def day(on: date = SUNDAY, *posted: FreightPosted) -> Story[ReconciliationState, Rules]:
    """A business date; `posted` are all postings that the read model knows."""
    key = Key("business_date", on.isoformat())
    story = Story(SUBSCRIBER, key, rules=Rules(), at=NIGHT)
    post(story, *posted)
    return story


def post(story: Story[ReconciliationState, Rules], *posted: FreightPosted | AccrueFreight) -> None:
    """Put postings in the read models, as asked for or as confirmed, at the story's time."""
    for each in posted:
        story.show(*project(message(each, story.at)))


def message(body: Body, at: datetime = NIGHT) -> Message:
    return Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=at,
        origin="process:freight_settlement",
        body=body,
    )


def differences(story: Story[ReconciliationState, Rules]) -> list[tuple[str, DifferenceKind]]:
    told = story.state.told
    return [] if told is None else [(each.line, each.kind) for each in told.differences]


def test_nothing_is_said_of_a_day_before_its_first_statement() -> None:
    sunday = day(SUNDAY, accrued())
    elsewhere = LedgerLineStrayed(
        business_date=SUNDAY, found=("erp/accrual/L-1/LINEHAUL",), found_on=MONDAY
    )

    said = sunday.tell(elsewhere)

    assert (said, sunday.stage) == ([], "waiting_for_a_statement")


def test_a_posting_is_no_step_of_its_day() -> None:
    assert SUBSCRIBER.keys(message(accrued())) == ()
    assert FreightPosted not in SUBSCRIBER.receives


def test_a_day_on_which_all_agrees_is_told_with_counts_and_sums() -> None:
    sunday = day(SUNDAY, accrued("L-1"), accrued("L-2", 1_000))

    said = sunday.tell(statement(held(accrued("L-1")), held(accrued("L-2", 1_000))))

    assert said == [
        FreightReconciled(
            business_date=SUNDAY,
            ledgers=(LedgerStanding(ledger="erp", as_of=LATER),),
            totals=(
                LedgerTotal(
                    ledger="erp",
                    posting=LedgerPosting.ACCRUAL,
                    carrier_scac="ROAD",
                    currency="USD",
                    our_count=2,
                    our_sum=usd(66_940),
                    their_count=2,
                    their_sum=usd(66_940),
                ),
            ),
            differences=(),
        )
    ]
    assert sunday.stage == "agrees"


def test_a_difference_is_told_with_both_amounts_and_asks_finance_once() -> None:
    sunday = day(SUNDAY, accrued())

    told, asked = sunday.tell(statement(held(accrued(minor=65_900))))

    assert isinstance(told, FreightReconciled)
    assert told.differences == (
        LedgerDifference(
            ledger="erp",
            kind=DifferenceKind.OTHER_AMOUNT,
            line="erp/accrual/L-1/LINEHAUL",
            posting=LedgerPosting.ACCRUAL,
            load_id="L-1",
            carrier_scac="ROAD",
            ours=usd(65_940),
            theirs=usd(65_900),
            times=1,
            charge="LINEHAUL",
            documents=("ACC-L-1",),
        ),
    )
    assert asked == OpenException(
        code=DIFFERS,
        team=Team.FINANCE,
        cause="The ledger of erp for 2026-03-29 is not what was posted: 1 other amount",
        action="Mend the ledger and send its statement again; waive what shall be let be",
        about=("L-1",),
        seen={"other_amount": "1"},
    )
    assert sunday.tell(statement(held(accrued(minor=65_900)))) == []


def test_a_mended_ledger_closes_the_exception() -> None:
    sunday = day(SUNDAY, accrued())
    sunday.tell(statement())

    said = sunday.tell(statement(held(accrued()), at=LATER + timedelta(hours=1)))

    assert said[1:] == [CloseException(code=DIFFERS, because="the ledgers hold what was posted")]
    assert (differences(sunday), sunday.stage) == ([], "agrees")


def test_an_older_statement_changes_nothing() -> None:
    sunday = day(SUNDAY, accrued())
    sunday.tell(statement(held(accrued())))

    assert sunday.tell(statement(at=NIGHT)) == []


def test_what_was_posted_after_the_statement_was_drawn_is_not_missed() -> None:
    sunday = day(SUNDAY, accrued())

    sunday.tell(statement(at=NIGHT - timedelta(hours=1)))

    assert differences(sunday) == []


def test_what_is_posted_after_the_last_statement_is_judged_with_the_next() -> None:
    sunday = day()
    sunday.tell(statement(held(accrued())))
    before = differences(sunday)
    post(sunday, accrued())

    said = sunday.tell(statement(held(accrued()), at=LATER + timedelta(hours=1)))

    assert before == [("erp/accrual/L-1/LINEHAUL", DifferenceKind.UNKNOWN_TO_US)]
    assert said[1:] == [CloseException(code=DIFFERS, because="the ledgers hold what was posted")]
    assert differences(sunday) == []


def test_what_is_in_a_ledger_before_its_confirmation_is_on_its_way_until_it_comes() -> None:
    sunday = day()
    post(sunday, asked())
    said = sunday.tell(statement(held(accrued()), at=NIGHT))
    before, stage = differences(sunday), sunday.stage
    post(sunday, accrued())

    settled = sunday.wait_until(NIGHT + LOOK_AGAIN)

    assert said[0] == SetTimer(name="on_its_way", due_at=NIGHT + LOOK_AGAIN)
    assert [type(each) for each in said[1:]] == [FreightReconciled]
    assert before == [("erp/accrual/L-1/LINEHAUL", DifferenceKind.ON_ITS_WAY)]
    assert [type(each) for each in settled] == [FreightReconciled]
    assert (stage, differences(sunday), sunday.stage) == ("agrees", [], "agrees")


def test_what_is_never_confirmed_alarms_nobody_twice_and_is_looked_at_for_a_day() -> None:
    sunday = day()
    post(sunday, asked())
    sunday.tell(statement(held(accrued()), at=NIGHT))

    looked = sunday.wait_until(NIGHT + 2 * PATIENCE)

    looks = int(PATIENCE / LOOK_AGAIN) - 1
    assert [type(each) for each in looked] == [SetTimer] * looks
    assert differences(sunday) == [("erp/accrual/L-1/LINEHAUL", DifferenceKind.ON_ITS_WAY)]
    assert sunday.stage == "agrees"


def test_what_was_typed_wrongly_is_told_before_its_confirmation_as_after_it() -> None:
    sunday = day()
    post(sunday, asked())
    sunday.tell(statement(held(accrued(minor=65_490)), at=NIGHT))
    before = differences(sunday)
    post(sunday, accrued())

    sunday.tell(ExceptionRetried(code=DIFFERS, by="ann", reason="it is confirmed"))

    line = "erp/accrual/L-1/LINEHAUL"
    assert before == [(line, DifferenceKind.UNKNOWN_TO_US)]
    assert differences(sunday) == [(line, DifferenceKind.OTHER_AMOUNT)]


def test_a_tms_that_holds_what_only_the_erp_was_asked_for_is_told_at_once() -> None:
    invoice = replace(held(accrued()), posting=LedgerPosting.INVOICE, charge="", invoice_id="INV-1")
    sunday = day()
    erp_only = PostFreightInvoice(
        load_id="L-1",
        invoice_id="INV-1",
        carrier_scac="ROAD",
        billed=usd(65_940),
        payable=usd(65_940),
        business_date=SUNDAY,
        charges=("LINEHAUL",),
        shares=(),
        rule="",
        revision=1,
    )
    sunday.show(*project(message(erp_only)))

    sunday.tell(statement(invoice, ledger="tms"))

    assert differences(sunday) == [("tms/invoice/ROAD/INV-1", DifferenceKind.UNKNOWN_TO_US)]


def test_a_retry_holds_the_last_statement_against_what_is_posted_by_now() -> None:
    sunday = day()
    sunday.tell(statement(held(accrued("L-1")), held(accrued("L-2", on=MONDAY))))
    post(sunday, accrued("L-1"), accrued("L-2", on=MONDAY))

    said = sunday.tell(ExceptionRetried(code=DIFFERS, by="ann", reason="look again"))

    line = "erp/accrual/L-2/LINEHAUL"
    assert strayed(said) == [
        LedgerLineStrayed(business_date=MONDAY, found=(line,), found_on=SUNDAY)
    ]
    assert said[2:] == [CloseException(code=DIFFERS, because="the ledgers hold what was posted")]
    assert (differences(sunday), sunday.stage) == ([], "agrees")


def test_a_ledger_that_has_sent_no_statement_is_told_with_what_was_posted_to_it() -> None:
    shared = replace(
        accrued(), posting="tms.share_freight_invoice", endpoint="tms", invoice_id="INV-1"
    )
    sunday = day(SUNDAY, accrued(), shared)

    told, *_ = sunday.tell(statement(held(accrued())))

    assert isinstance(told, FreightReconciled)
    assert told.ledgers == (
        LedgerStanding(ledger="erp", as_of=LATER),
        LedgerStanding(ledger="tms", as_of=None),
    )
    assert [(each.ledger, each.our_count, each.their_count) for each in told.totals] == [
        ("erp", 1, 1),
        ("tms", 1, 0),
    ]
    assert told.differences == ()


def test_what_was_taken_back_must_not_be_there() -> None:
    sunday = day(SUNDAY, accrued(), accrued(minor=0))

    sunday.tell(statement(held(accrued())))

    assert differences(sunday) == [("erp/accrual/L-1/LINEHAUL", DifferenceKind.OTHER_AMOUNT)]


def test_a_release_is_booked_by_no_ledger() -> None:
    sunday = day(SUNDAY, replace(accrued(), posting="erp.release_billing"))

    sunday.tell(statement())

    assert differences(sunday) == []


def test_what_a_person_lets_be_is_not_told_again_and_another_difference_is() -> None:
    sunday = day(SUNDAY, accrued("L-1"), accrued("L-2"))
    sunday.tell(statement(held(accrued("L-2"))))

    waived = sunday.tell(ExceptionWaived(code=DIFFERS, by="ann", reason="booked by hand"))
    again = sunday.tell(statement(held(accrued("L-2")), at=LATER + timedelta(hours=1)))
    worse = sunday.tell(statement(at=LATER + timedelta(hours=2)))

    closed = CloseException(code=DIFFERS, because="ann lets be what differs: booked by hand")
    assert [each for each in waived if not isinstance(each, FreightReconciled)] == [closed]
    assert [each for each in again if isinstance(each, OpenException)] == []
    assert [each.seen for each in worse if isinstance(each, OpenException)] == [{"missing": "1"}]


def test_a_difference_that_is_gone_beside_one_that_is_let_be_closes_with_what_is_true() -> None:
    sunday = day(SUNDAY, accrued("L-1"), accrued("L-2"))
    sunday.tell(statement(held(accrued("L-2"))))
    sunday.tell(ExceptionWaived(code=DIFFERS, by="ann", reason="booked by hand"))
    sunday.tell(statement(at=LATER + timedelta(hours=1)))

    mended = sunday.tell(statement(held(accrued("L-2")), at=LATER + timedelta(hours=2)))

    assert mended[1:] == [CloseException(code=DIFFERS, because="what still differs was let be")]


def test_a_retry_asks_again() -> None:
    sunday = day(SUNDAY, accrued())
    sunday.tell(statement())

    (asked,) = sunday.tell(ExceptionRetried(code=DIFFERS, by="ann", reason="look again"))

    assert isinstance(asked, OpenException)


def test_a_line_that_left_the_other_date_is_missing_where_it_belongs() -> None:
    posted = accrued()
    sunday, monday = day(SUNDAY, posted), day(MONDAY, posted)
    sunday.tell(statement())
    first = strayed(monday.tell(statement(held(posted), on=MONDAY)))
    sunday.tell(*first)
    before = differences(sunday)

    gone = strayed(monday.tell(statement(on=MONDAY, at=LATER + timedelta(hours=1))))
    sunday.tell(*gone)

    line = "erp/accrual/L-1/LINEHAUL"
    assert [(each.found, each.gone) for each in (*first, *gone)] == [((line,), ()), ((), (line,))]
    assert (before, differences(sunday)) == (
        [(line, DifferenceKind.OTHER_DATE)],
        [(line, DifferenceKind.MISSING)],
    )


def strayed(said: Iterable[object]) -> list[LedgerLineStrayed]:
    return [each for each in said if isinstance(each, LedgerLineStrayed)]


class Plant(StrEnum):
    """What is done to one posting in the ledger."""

    NOTHING = "nothing"
    MISSING = "missing"
    DOUBLED = "doubled"
    OTHER_AMOUNT = "other_amount"
    OTHER_DATE = "other_date"


POSTINGS = {
    "erp": ("erp.accrue", "erp.post_freight_invoice"),
    "tms": ("tms.share_freight_invoice",),
}
VERBS = [(ledger, verb) for ledger, verbs in POSTINGS.items() for verb in verbs]
DAYS = {SUNDAY: MONDAY, MONDAY: SUNDAY}


def posting(number: int, ledger_verb: tuple[str, str], minor: int, on: date) -> FreightPosted:
    ledger, verb = ledger_verb
    return FreightPosted(
        load_id=f"L-{number}",
        posting=verb,
        charge="LINEHAUL" if verb == "erp.accrue" else "",
        amount=Money(minor=minor, currency="USD" if number % 3 else "EUR"),
        revision=1,
        document=f"D-{number}",
        endpoint=ledger,
        carrier_scac="ROAD" if number % 2 else "RAIL",
        business_date=on,
        invoice_id="" if verb == "erp.accrue" else f"INV-{number}",
    )


@st.composite
def worlds(draw: st.DrawFn) -> list[tuple[FreightPosted, Plant]]:
    """Postings of two days in two ledgers, and what is done to each."""
    few = st.tuples(
        st.sampled_from(VERBS),
        st.integers(1, 10**6),
        st.sampled_from(list(DAYS)),
        st.sampled_from(Plant),
    )
    return [
        (posting(number, verb, minor, on), plant)
        for number, (verb, minor, on, plant) in enumerate(draw(st.lists(few, max_size=12)))
    ]


def in_the_ledger(
    world: list[tuple[FreightPosted, Plant]], ledger: str, on: date
) -> list[LedgerLine]:
    """What the ledger holds under a date after all that was done to it."""
    lines: list[LedgerLine] = []
    for posted, plant in world:
        line = held(posted)
        where = DAYS[on] if plant is Plant.OTHER_DATE else on
        if posted.endpoint != ledger or posted.business_date != where:
            continue
        match plant:
            case Plant.MISSING:
                continue
            case Plant.DOUBLED:
                lines += [line, replace(line, document=f"{line.document}-again")]
            case Plant.OTHER_AMOUNT:
                lines.append(
                    replace(line, amount=replace(line.amount, minor=line.amount.minor + 1))
                )
            case _:
                lines.append(line)
    return lines


@given(
    worlds(), st.lists(st.sampled_from(list(DAYS)), max_size=3), st.randoms(use_true_random=False)
)
def test_every_planted_difference_is_found_and_no_other(
    world: list[tuple[FreightPosted, Plant]], strangers: list[date], order: Random
) -> None:
    days = {on: day(on, *(posted for posted, _ in world)) for on in DAYS}
    unknown = [(on, held(posting(100 + n, VERBS[0], 5, on))) for n, on in enumerate(strangers)]
    statements = [
        statement(
            *in_the_ledger(world, ledger, on),
            *(line for at, line in unknown if at == on and ledger == "erp"),
            on=on,
            ledger=ledger,
        )
        for on in DAYS
        for ledger in POSTINGS
    ]
    order.shuffle(statements)
    for each in statements:
        for found in strayed(days[each.business_date].tell(each)):
            days[found.business_date].tell(found)

    planted = {
        (posted.business_date, held(posted).named(posted.endpoint), plant.value)
        for posted, plant in world
        if plant is not Plant.NOTHING
    } | {(on, line.named("erp"), DifferenceKind.UNKNOWN_TO_US.value) for on, line in unknown}
    told = [(on, line, kind.value) for on, one in days.items() for line, kind in differences(one)]
    assert sorted(map(str, told)) == sorted(map(str, planted))


class Life(StrEnum):
    """What happens to one revision of a posting, in this order."""

    ASKED = "asked"
    BOOKED = "booked"
    CONFIRMED = "confirmed"


@st.composite
def evenings(draw: st.DrawFn) -> list[tuple[str, int, int, str]]:
    """Postings that are asked for, booked, confirmed and corrected, and statements in between.

    Each row is (load, amount, revision, what happens), or (statement, 0, 0, `drawn` or `read`).
    """
    lives: list[list[tuple[str, int, int, str]]] = []
    for number, amounts in enumerate(draw(st.lists(AMOUNTS, min_size=1, max_size=4))):
        lives.append(
            [
                (f"L-{number}", minor, revision, life)
                for revision, minor in enumerate(amounts, 1)
                for life in Life
            ]
        )
    lives += [
        [(f"S-{number}", 0, 0, each) for each in ("drawn", "read")]
        for number in range(draw(st.integers(1, 3)))
    ]
    turns = [at for at, life in enumerate(lives) for _ in life]
    rows = [iter(life) for life in lives]
    return [next(rows[at]) for at in draw(st.permutations(turns))]


AMOUNTS = st.lists(st.sampled_from([0, 100, 200]), min_size=1, max_size=3)


@given(evenings())
def test_a_statement_drawn_at_any_moment_is_no_alarm_and_agrees_in_the_end(
    evening: list[tuple[str, int, int, str]],
) -> None:
    sunday = day()
    ledger: dict[str, FreightPosted] = {}
    drawn: dict[str, LedgerStatementReceived] = {}
    for name, minor, revision, what in evening:
        sunday.wait_until(sunday.at + timedelta(minutes=7))
        posted = replace(accrued(name, minor), revision=revision)
        match what:
            case Life.ASKED:
                post(sunday, asked(minor, revision, name))
            case Life.BOOKED:
                ledger[name] = posted
            case Life.CONFIRMED:
                post(sunday, posted)
            case "drawn":
                drawn[name] = statement(*map(held, ledger.values()), at=sunday.at)
            case _:
                sunday.tell(drawn[name])
    sunday.wait_until(sunday.at + PATIENCE)

    assert [each for each in sunday.said if isinstance(each, OpenException)] == []
    assert differences(sunday) == []


@pytest.mark.parametrize(
    ("old", "lifted"),
    [
        (b'{"line":"erp/accrual/L-1/LINEHAUL"', {"found": ("erp/accrual/L-1/LINEHAUL",)}),
        (
            b'{"line":"erp/accrual/L-1/LINEHAUL","found":false',
            {"gone": ("erp/accrual/L-1/LINEHAUL",)},
        ),
    ],
)
def test_a_line_that_strayed_before_several_could_is_read_as_one_of_them(
    old: bytes, lifted: dict[str, tuple[str, ...]]
) -> None:
    stored = old + b',"business_date":"2026-03-29","found_on":"2026-03-30"}'

    assert decode("LedgerLineStrayed", 1, stored) == LedgerLineStrayed(
        business_date=SUNDAY, found_on=MONDAY, **lifted
    )


def test_many_lines_under_another_date_are_one_message_to_it() -> None:
    posted = [accrued(f"L-{number}") for number in range(3)]
    monday = day(MONDAY, *posted)

    said = strayed(monday.tell(statement(*map(held, posted), on=MONDAY)))

    names = tuple(f"erp/accrual/L-{number}/LINEHAUL" for number in range(3))
    assert said == [LedgerLineStrayed(business_date=SUNDAY, found_on=MONDAY, found=names)]
