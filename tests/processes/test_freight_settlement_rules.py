"""Which rules decide about a load: those of the first decision, whatever policy says later."""

from crossdock.messages.flow import ExceptionRetried
from crossdock.messages.freight_settlement import ChargeConfirmed, FreightVerdict, LineState
from crossdock.policies.freight import FreightPolicy, ToleranceRow
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement import SUBSCRIBER
from crossdock.processes.freight_settlement_state import Settlement
from crossdock.testing.story import Story
from tests.processes.freight_settlement_world import (
    RULES,
    begin,
    billed,
    charge,
    corrected,
    delivered,
    ledger,
    line,
    obey,
    picture,
    planned,
    word,
)

WIDE = Rules(
    tolerances=(ToleranceRow(rule_id="tolerance.wide", over_amount="1000", over_per_cent="100"),)
)
ASKING = Rules(freight=FreightPolicy(allocation="weight", allocation_otherwise="ask"))
EVENLY = Rules(freight=FreightPolicy(allocation="weight", allocation_otherwise="even"))


def keeps(story: Story[Settlement, Rules]) -> str:
    return SUBSCRIBER.pinned(story.state)


def test_what_nothing_is_decided_of_follows_the_rules_of_today() -> None:
    story = begin()

    held = story.tell(planned(), billed(charge("900.00")))
    before = keeps(story)
    story.rules = WIDE
    said = story.tell(delivered())

    assert (line(held).state, picture(held).rules, before) == (
        LineState.UNDER_REVIEW,
        RULES.digest,
        "",
    )
    assert (line(said).rule, picture(said).rules) == ("tolerance.wide", WIDE.digest)
    assert keeps(story) == WIDE.digest


def test_a_decided_load_keeps_the_rules_that_decided() -> None:
    story = begin(WIDE)
    said = story.tell(planned(), billed(charge("900.00")))

    assert [(each.rule, each.rules) for each in said if isinstance(each, ChargeConfirmed)] == [
        ("tolerance.wide", WIDE.digest)
    ]
    assert keeps(story) == WIDE.digest


def test_a_word_of_a_person_keeps_the_rules_too() -> None:
    story = begin()
    story.tell(planned(), billed(charge("900.00")))

    story.tell(word(FreightVerdict.DISPUTE))

    assert keeps(story) == RULES.digest


def test_what_stands_in_the_books_keeps_its_rules_when_nothing_is_agreed_any_more() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    said = story.tell(corrected(charge("900.00")))

    assert line(said).state is LineState.UNDER_REVIEW
    assert keeps(story) == RULES.digest


def test_freight_the_kept_rules_cannot_split_is_split_by_those_of_today() -> None:
    story = begin(ASKING)
    story.tell(
        planned(weight_kg=None),
        planned("SO-2", weight_kg=None),
        billed(),
        delivered(),
        delivered("SO-2"),
    )
    waiting = keeps(story)

    story.rules = EVENLY
    said = story.tell(ExceptionRetried(code="FREIGHT_SPLIT_UNKNOWN", by="ann", reason="evenly"))
    obey(story, said)

    assert (waiting, keeps(story)) == ("", EVENLY.digest)
    assert ledger(story) == {"LINEHAUL": 50000, "FUEL": 5721}
