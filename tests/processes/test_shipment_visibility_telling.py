"""Stories of partners who want to hear of milestones, and of those nobody named."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone
from crossdock.messages.shipment_visibility import MilestoneReported, TellMilestone
from crossdock.policies.rules import TellingPolicy, TellingRow
from crossdock.testing.story import Story
from tests.processes.shipment_visibility_world import (
    PRO,
    RULES,
    begin,
    correction,
    hour,
    moment,
    planned,
    referenced,
    report,
    retraction,
    shown_to_customer,
    withdrawn,
)

PICKED_UP, DELIVERED, ETA = Milestone.PICKED_UP, Milestone.DELIVERED, Milestone.ETA_CHANGED
TELLING = structs.replace(
    RULES, telling=TellingPolicy(rows=(TellingRow(customer_id="C-1", partner="acme"),))
)
PO = Reference(type=ReferenceType.CUSTOMER_REFERENCE, value="PO of SO-1")


def word(milestone: Milestone, at: float, revision: int = 1, **said: Any) -> TellMilestone:
    """Expect a partner to be told."""
    usual: dict[str, Any] = {
        "partner": "acme",
        "customer_id": "C-1",
        "shipment_id": "SH-1",
        "number": "SH-1",
        "carrier_scac": "ROAD",
        "happening": f"{milestone}/ACTUAL",
        "milestone": milestone,
        "classifier": Classifier.ACTUAL,
        "occurred": moment(hour(at)),
        "stop": 0,
        "revision": revision,
        "references": (PRO, PO),
    }
    return TellMilestone(**(usual | said))


def words(said: Any) -> list[TellMilestone]:
    return [each for each in said if isinstance(each, TellMilestone)]


def test_a_partner_hears_each_milestone_once_and_in_order_when_the_gate_opens() -> None:
    story = begin(TELLING)
    before = story.tell(planned(), report(DELIVERED, 5), report(PICKED_UP, 1))

    said = story.tell(referenced(), report(PICKED_UP, 1), referenced())

    assert words(before) == []
    assert words(said) == [word(PICKED_UP, 1), word(DELIVERED, 5)]


def test_a_correction_is_told_again_and_what_is_taken_back_is_taken_back() -> None:
    story = shown_to_customer(TELLING)
    story.tell(report(DELIVERED, 5))

    corrected = words(story.tell(correction(DELIVERED, 6)))
    taken_back = words(story.tell(report(DELIVERED, 6, kind=EvidenceKind.RETRACTION, revision=2)))
    again = words(story.tell(report(DELIVERED, 7, source_event_id="second")))

    assert corrected == [word(DELIVERED, 6, 2)]
    assert taken_back == [word(DELIVERED, 6, 3, retracted=True)]
    assert again == [word(DELIVERED, 7, 4)]


def test_what_was_taken_back_before_anybody_heard_of_it_is_not_told() -> None:
    story = shown_to_customer(TELLING)

    said = story.tell(retraction(DELIVERED, 5), report(DELIVERED, 5))

    assert words(said) == []


def test_the_newest_estimate_is_told_as_one_thing_that_moves() -> None:
    story = shown_to_customer(TELLING)
    first = report(ETA, 1, classifier=Classifier.ESTIMATED, estimate=moment(hour(9)))
    later = report(
        ETA, 2, classifier=Classifier.ESTIMATED, estimate=moment(hour(11)), source_event_id="later"
    )

    said = words([*story.tell(first), *story.tell(later)])

    estimate = {"happening": "estimate", "classifier": Classifier.ESTIMATED}
    assert said == [word(ETA, 9, 1, **estimate), word(ETA, 11, 2, **estimate)]


def test_a_number_that_comes_later_is_no_news() -> None:
    story = shown_to_customer(TELLING)
    story.tell(report(DELIVERED, 5))
    shipment = structs.replace(planned().shipment, references=(PRO, PO), carrier_scac="PARC")

    said = story.tell(planned(shipment=shipment, revision=2))

    assert words(said) == []


def test_an_order_that_leaves_takes_nothing_back_that_happened() -> None:
    story = shown_to_customer(TELLING)
    story.tell(report(PICKED_UP, 1))

    said = story.tell(withdrawn(), report(DELIVERED, 5))

    assert words(said) == []


def test_a_partner_hears_only_what_it_wants() -> None:
    row = TellingRow(customer_id="C-1", partner="acme", milestones=(DELIVERED,))
    story = shown_to_customer(structs.replace(TELLING, telling=TellingPolicy(rows=(row,))))

    said = story.tell(report(PICKED_UP, 1), report(DELIVERED, 5))

    assert words(said) == [word(DELIVERED, 5)]


def test_what_a_partner_wants_no_more_is_kept_true_and_not_taken_back() -> None:
    story = shown_to_customer(TELLING)
    story.tell(report(PICKED_UP, 1))
    row = TellingRow(customer_id="C-1", partner="acme", milestones=(DELIVERED,))
    story.rules = structs.replace(TELLING, telling=TellingPolicy(rows=(row,)))

    later = words(story.tell(report(Milestone.DEPARTED, 2), report(DELIVERED, 5)))
    corrected = words(story.tell(correction(PICKED_UP, 2)))

    assert later == [word(DELIVERED, 5)]
    assert corrected == [word(PICKED_UP, 2, 2)]


def test_a_load_the_customer_gave_us_is_told_by_its_own_number_and_never_posted() -> None:
    story = begin(TELLING)
    plan = structs.replace(planned(), offered_by="acme", offered_as="4711", company_code="")
    story.tell(plan, report(DELIVERED, 5))

    said = story.wait_until(hour(1))

    assert [type(each).__name__ for each in said] == ["DeliveryClosed"]
    assert [each.number for each in story.state.spoken.values()] == ["4711"]


def heard_last(story: Story[Any, Any]) -> dict[str, str]:
    """What the partner must believe after all words: the time of each milestone, or that it is off.

    What was never told and what was taken back are the same to it.
    """
    spoken = story.state.spoken.values()
    return {each.happening: each.occurred.text for each in spoken if not each.retracted}


HEARD: tuple[MilestoneReported, ...] = (
    report(PICKED_UP, 1),
    report(DELIVERED, 5),
    correction(DELIVERED, 6),
    report(Milestone.ARRIVED, 3),
    report(Milestone.ARRIVED, 3, kind=EvidenceKind.RETRACTION, revision=1),
)


@given(order=st.permutations(HEARD))
def test_the_same_evidence_in_any_order_leaves_a_partner_with_the_same_belief(
    order: list[MilestoneReported],
) -> None:
    story = shown_to_customer(TELLING)

    story.tell(*order)

    assert heard_last(story) == {
        "PICKED_UP/ACTUAL": moment(hour(1)).text,
        "DELIVERED/ACTUAL": moment(hour(6)).text,
    }


def test_what_proves_no_way_back_is_taken_back_before_it_is_told_as_the_way_there() -> None:
    story = shown_to_customer(TELLING)
    story.tell(report(PICKED_UP, 1), report(DELIVERED, 5), report(Milestone.IN_TRANSIT, 6))

    said = words(story.tell(retraction(DELIVERED, 5)))

    assert [(each.milestone, each.returning, each.retracted) for each in said] == [
        (DELIVERED, False, True),
        (Milestone.IN_TRANSIT, True, True),
        (Milestone.IN_TRANSIT, False, False),
    ]
